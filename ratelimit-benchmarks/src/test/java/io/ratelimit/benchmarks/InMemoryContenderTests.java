package io.ratelimit.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class InMemoryContenderTests {

    static List<Workload> workloads() {
        return Workload.inMemory().stream()
                .filter(workload -> workload.threads() == 1 && workload.benchmark() != OneCall.class)
                .toList();
    }

    @ParameterizedTest
    @MethodSource("workloads")
    void theContendersOfAWorkloadAdmitOrRejectAccordingToItsLimit(Workload workload) {
        BenchmarkLimit limit =
                BenchmarkLimit.valueOf(workload.params().getOrDefault("limit", BenchmarkLimit.PLENTY_EACH.name()));
        for (Contender contender : workload.contenders()) {
            Limiter limiter = InMemoryContender.valueOf(contender.name()).open(limit);
            limiter.tryAcquire("user-42");

            for (int i = 0; i < 1000; i++) {
                assertThat(limiter.tryAcquire("user-42"))
                        .as("%s of %s", limit, contender)
                        .isEqualTo(limit.admits);
            }
        }
    }
}
