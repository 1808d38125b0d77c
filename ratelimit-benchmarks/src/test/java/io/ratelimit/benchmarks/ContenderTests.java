package io.ratelimit.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ContenderTests {

    @ParameterizedTest
    @EnumSource
    void aContenderAnswersEachQuotaAsItIsMeant(Contender contender) {
        for (Quota quota : Quota.values()) {
            Limiter limiter = contender.open(quota);
            limiter.tryAcquire("user-42");

            for (int i = 0; i < 1000; i++) {
                assertThat(limiter.tryAcquire("user-42")).as("%s", quota).isEqualTo(quota.admits);
            }
        }
    }
}
