package io.ratelimit.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ContenderTests {

    static List<Work> works() {
        return Work.inMemory().stream().filter(work -> work.threads() == 1).toList();
    }

    @ParameterizedTest
    @MethodSource("works")
    void theContendersOfAWorkAnswerAsItIsMeant(Work work) {
        BenchmarkQuota quota =
                BenchmarkQuota.valueOf(work.params().getOrDefault("quota", BenchmarkQuota.PLENTY_EACH.name()));
        for (Contestant contestant : work.contenders()) {
            Limiter limiter = Contender.valueOf(contestant.name()).open(quota);
            limiter.tryAcquire("user-42");

            for (int i = 0; i < 1000; i++) {
                assertThat(limiter.tryAcquire("user-42"))
                        .as("%s of %s", quota, contestant)
                        .isEqualTo(quota.admits);
            }
        }
    }
}
