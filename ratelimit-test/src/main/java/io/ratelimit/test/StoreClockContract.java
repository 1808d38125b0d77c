package io.ratelimit.test;

import static io.ratelimit.test.ContractLimits.EVERY_KIND;
import static io.ratelimit.test.ContractLimits.LOG;
import static io.ratelimit.test.ContractLimits.TEN_A_SECOND;
import static io.ratelimit.test.ContractLimits.limit;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.ratelimit.Decision;
import io.ratelimit.Limit;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** Checks that a store decides by its own clock, even if that clock is set back. */
abstract class StoreClockContract extends StoreContractSection {

    StoreClockContract(TestedStore tested) {
        super(tested);
    }

    @Test
    void aSmallStepBackOfTheClockPausesTheRefill() {
        assumeTrue(tested.ownsWallClock(), "the store's clock is monotonic");
        clock.advance(Duration.ofHours(1));
        tryAcquire(TEN_A_SECOND, "key", "9");
        clock.stepBack(Duration.ofMillis(300));
        assertThat(tryAcquire(TEN_A_SECOND, "key", "1").admitted()).isTrue();
        assertThat(tryAcquire(TEN_A_SECOND, "key", "0.001").admitted()).isFalse();
        clock.advance(Duration.ofMillis(300));
        assertThat(peek(TEN_A_SECOND, "key").remaining()).isZero();
        clock.advance(Duration.ofMillis(300));
        assertThat(peek(TEN_A_SECOND, "key").remaining()).isEqualTo(3);
    }

    @Test
    void aLargeStepBackOfTheClockNeitherRefillsNorStopsTheRefill() {
        assumeTrue(tested.ownsWallClock(), "the store's clock is monotonic");
        clock.advance(Duration.ofHours(10));
        for (Limit limit : EVERY_KIND) {
            tryAcquire(limit, "key", "10");
        }
        clock.stepBack(Duration.ofHours(9));
        for (Limit limit : EVERY_KIND) {
            Decision rejected = tryAcquire(limit, "key", "1");
            assertThat(rejected.admitted()).isFalse();
            assertThat(rejected.remaining()).isZero();
            clock.advance(retryAfter(rejected));
            assertThat(tryAcquire(limit, "key", "1").admitted())
                    .as("after %s", rejected)
                    .isTrue();
        }
    }

    @Test
    void aRefundAfterALargeStepBackOfTheClockIsComplete() {
        assumeTrue(tested.ownsWallClock(), "the store's clock is monotonic");
        clock.advance(Duration.ofHours(10));
        tryAcquire(LOG, "key", "4");
        clock.advance(Duration.ofSeconds(1));
        tryAcquire(LOG, "key", "5");
        clock.stepBack(Duration.ofHours(9));
        Decision taken = tryAcquire(LOG, "key", "1");
        assertThat(taken.remaining()).isZero();
        refund(taken, "1");
        assertThat(peek(LOG, "key").remaining()).isEqualTo(1);
        refund(taken, "8");
        assertThat(peek(LOG, "key").remaining()).isEqualTo(9);
    }
}
