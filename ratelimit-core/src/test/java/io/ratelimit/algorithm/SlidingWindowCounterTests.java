package io.ratelimit.algorithm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SlidingWindowCounterTests {

    private static final long MINUTE = 60_000;
    private static final SlidingWindowCounter HUNDRED_A_MINUTE = SlidingWindowCounter.of(Rate.parse("100/m"));

    @ParameterizedTest
    @CsvSource({
        // previous, current, milliseconds into the window, free
        "80000,  30000,  15000, 10000",
        "80000,  30000,  0,     0",
        "80000,  30000,  30000, 30000",
        "80000,  30000,  59999, 69998",
        "100000, 0,      0,     0",
        "100000, 0,      600,   1000",
        "0,      100000, 30000, 0",
        "0,      0,      30000, 100000",
    })
    void thePreviousWindowCountsByItsShareOfThePeriod(long previous, long current, long elapsed, long free) {
        Observations observations = observed(current, previous, elapsed);
        assertThat(HUNDRED_A_MINUTE.remaining(observations, 0, 0)).isEqualTo(free);
        assertThat(HUNDRED_A_MINUTE.used(new long[] {elapsed, current, previous}))
                .isEqualTo(100_000 - free);
    }

    @ParameterizedTest
    @CsvSource({
        // previous, current, milliseconds into the window, cost, wait
        "100000, 0,      0,     1000,   600",
        "100000, 0,      600,   1000,   0",
        "80000,  30000,  15000, 11000,  750",
        "0,      100000, 30000, 1000,   30600",
        "0,      100000, 30000, 100000, 90000",
        "0,      100000, 30000, 0,      0",
        "0,      0,      0,     100001, never",
    })
    void theWaitLastsUntilTheEstimateIsLowEnough(long previous, long current, long elapsed, long cost, String wait) {
        long ticks = HUNDRED_A_MINUTE.ticksUntilAdmitted(observed(current, previous, elapsed), 0, cost);
        assertThat(ticks).isEqualTo(wait.equals("never") ? RateAlgorithm.NEVER : Long.parseLong(wait));
    }

    @Test
    void aNewWindowMovesTheCounters() {
        long[] state = {MINUTE - 1, 7_000, 3_000};
        assertThat(HUNDRED_A_MINUTE.advance(state, MINUTE)).containsExactly(MINUTE, 0, 7_000);
        assertThat(HUNDRED_A_MINUTE.advance(state, 2 * MINUTE)).containsExactly(2 * MINUTE, 0, 0);
    }

    @Test
    void noReservationsAreMade() {
        assertThat(HUNDRED_A_MINUTE.longestWait()).isZero();
        assertThat(HUNDRED_A_MINUTE.waitWithin(Duration.ofHours(1))).isZero();
    }

    @Test
    void aRefundGoesToTheWindowOfItsGrant() {
        long[] state = {MINUTE + 5, 7_000, 3_000};
        assertThat(HUNDRED_A_MINUTE.refund(state.clone(), 1_000, MINUTE)).containsExactly(MINUTE + 5, 6_000, 3_000);
        assertThat(HUNDRED_A_MINUTE.refund(state.clone(), 1_000, MINUTE - 1)).containsExactly(MINUTE + 5, 7_000, 2_000);
        long[] later = {2 * MINUTE + 5, 7_000, 3_000};
        assertThat(HUNDRED_A_MINUTE.refund(later.clone(), 1_000, MINUTE - 1)).containsExactly(later);
    }

    @Test
    void aClockThatMovedBackByMoreThanTwoPeriodsKeepsTheCounters() {
        long[] state = {10 * MINUTE, 7_000, 3_000};
        assertThat(HUNDRED_A_MINUTE.advance(state.clone(), 8 * MINUTE)).containsExactly(state);
        assertThat(HUNDRED_A_MINUTE.advance(state, 8 * MINUTE - 1)).containsExactly(8 * MINUTE - 1, 7_000, 3_000);
    }

    @Test
    void spendingPrefetchedTokensCountsThem() {
        Observations observations = observed(10_000, 0, 5);
        HUNDRED_A_MINUTE.spend(observations, 0, Observations.of(1, 0, 0, 0), 2_000);
        assertThat(HUNDRED_A_MINUTE.remaining(observations, 0, 0)).isEqualTo(88_000);
        HUNDRED_A_MINUTE.spend(observations, 0, Observations.of(1, 0, 0, 0), -3_000);
        assertThat(HUNDRED_A_MINUTE.remaining(observations, 0, 0)).isEqualTo(91_000);
        assertThat(observations.instant(0)).as("the window stays").isEqualTo(5);
    }

    @Test
    void aRemoteStoreIsToldTheStep() {
        assertThat(HUNDRED_A_MINUTE.encodedFields()).containsExactly(1);
        assertThat(SlidingWindowCounter.of(Rate.parse("10/1d")).encodedFields()).containsExactly(83);
    }

    @Test
    void moreTokensThanItsProductsCanHoldAreInvalid() {
        assertThatThrownBy(() -> SlidingWindowCounter.of(Rate.parse("5000000000/s")))
                .isInstanceOf(InvalidLimitException.class)
                .hasMessageContaining("counts at most 4503599627.37 tokens a period");
    }

    private static Observations observed(long current, long previous, long elapsed) {
        Observations observations = Observations.ofRates(1);
        HUNDRED_A_MINUTE.observe(new long[] {elapsed, current, previous}, elapsed, 0, observations, 0);
        return observations;
    }
}
