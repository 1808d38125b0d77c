package io.ratelimit.algorithm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SlidingWindowLogTests {

    private static final long SECOND = 1_000_000;
    private static final SlidingWindowLog FIVE_IN_TEN_SECONDS = SlidingWindowLog.of(Rate.parse("5/10s"));

    /** Returns the log of one token at 0, 1, 2, 3 and 4 s, as of 4 s. */
    private static long[] usedUp() {
        return log(4 * SECOND, 0, 1_000, SECOND, 1_000, 2 * SECOND, 1_000, 3 * SECOND, 1_000, 4 * SECOND, 1_000);
    }

    @ParameterizedTest
    @CsvSource({
        "5,  1000, 5",
        "5,  2000, 6",
        "5,  5000, 9",
        "5,  5001, never",
        "5,  0,    0",
        "10, 1000, 0",
        "10, 2000, 1",
        "14, 5000, 0",
    })
    void aCostFitsOnceEnoughEntriesHaveLeftTheWindow(long seconds, long cost, String waitSeconds) {
        Observations observations = observed(usedUp(), seconds * SECOND, cost);
        long wait = FIVE_IN_TEN_SECONDS.ticksUntilAdmitted(observations, 0, cost);
        assertThat(wait)
                .isEqualTo(waitSeconds.equals("never") ? RateAlgorithm.NEVER : Long.parseLong(waitSeconds) * SECOND);
    }

    @Test
    void anEntryCountsForExactlyOnePeriod() {
        assertThat(content(FIVE_IN_TEN_SECONDS.advance(log(0, 0, 1_000), 10 * SECOND - 1)))
                .containsExactly(10 * SECOND - 1, 0, 1_000);
        assertThat(content(FIVE_IN_TEN_SECONDS.advance(log(0, 0, 1_000), 10 * SECOND)))
                .containsExactly(10 * SECOND);
    }

    @Test
    void callsOfOneInstantShareAnEntry() {
        assertThat(content(FIVE_IN_TEN_SECONDS.consume(log(7, 7, 1_000), 500, 7)))
                .containsExactly(7, 7, 1_500);
        assertThat(content(FIVE_IN_TEN_SECONDS.consume(log(7, 7, 1_000), 500, 8)))
                .containsExactly(7, 7, 1_000, 8, 500);
    }

    @Test
    void noGrantIsEarlierThanAReservationBeforeIt() {
        long[] reserved = log(SECOND, 0, 5_000, 10 * SECOND, 1_000);
        Observations observations = observed(reserved, 2 * SECOND, 1_000);
        assertThat(FIVE_IN_TEN_SECONDS.ticksUntilAdmitted(observations, 0, 1_000))
                .isEqualTo(8 * SECOND);
    }

    @Test
    void aRefundGoesToTheEntryOfItsGrantAndIsVoidWithoutIt() {
        assertThat(content(FIVE_IN_TEN_SECONDS.refund(log(9, 3, 2_000, 5, 1_000), 500, 3)))
                .containsExactly(9, 3, 1_500, 5, 1_000);
        assertThat(content(FIVE_IN_TEN_SECONDS.refund(log(9, 3, 2_000, 5, 1_000), 2_500, 3)))
                .containsExactly(9, 5, 1_000);
        assertThat(content(FIVE_IN_TEN_SECONDS.refund(log(9, 5, 1_000), 500, 3)))
                .containsExactly(9, 5, 1_000);
    }

    @Test
    void aDebitAddsAtMostTheCapacityBeyondIt() {
        assertThat(content(FIVE_IN_TEN_SECONDS.debit(log(9, 3, 5_000), 3_000))).containsExactly(9, 3, 5_000, 9, 3_000);
        assertThat(content(FIVE_IN_TEN_SECONDS.debit(log(9, 3, 5_000), 100_000)))
                .containsExactly(9, 3, 5_000, 9, 5_000);
    }

    @Test
    void aClockThatMovedBackByMoreThanAPeriodRedatesTheLog() {
        long[] entries = {20 * SECOND, 12 * SECOND, 1_000, 20 * SECOND, 2_000};
        assertThat(content(FIVE_IN_TEN_SECONDS.advance(log(entries), 10 * SECOND)))
                .containsExactly(entries);
        assertThat(content(FIVE_IN_TEN_SECONDS.advance(log(entries), 10 * SECOND - 1)))
                .containsExactly(10 * SECOND - 1, 10 * SECOND - 1, 3_000);
    }

    @Test
    void spendingPrefetchedTokensLeavesWhatIsFreeLessThem() {
        Observations observations = observed(log(4), 4, 2_000);
        FIVE_IN_TEN_SECONDS.spend(observations, 0, Observations.of(1, 0, 0, 0), 2_000);
        assertThat(FIVE_IN_TEN_SECONDS.remaining(observations, 0, 0)).isEqualTo(3_000);
        assertThat(observations.instant(0)).isEqualTo(4);
        FIVE_IN_TEN_SECONDS.spend(observations, 0, Observations.of(1, 0, 0, 0), -1_000);
        assertThat(FIVE_IN_TEN_SECONDS.remaining(observations, 0, 0)).isEqualTo(4_000);
        assertThat(observations.instant(0)).isEqualTo(1);
    }

    @Test
    void aProjectionIsForTheRejectedCostOnly() {
        Observations rejected = observed(usedUp(), 5 * SECOND, 1_000);
        Observations later = Observations.ofRates(1);
        assertThat(FIVE_IN_TEN_SECONDS.project(rejected, 0, SECOND, 1_000, 2_000, later))
                .isFalse();
        assertThat(FIVE_IN_TEN_SECONDS.project(rejected, 0, SECOND, 1_000, 1_000, later))
                .isTrue();
        assertThat(FIVE_IN_TEN_SECONDS.ticksUntilAdmitted(later, 0, 1_000)).isEqualTo(4 * SECOND);
        assertThat(later.instant(0)).isEqualTo(6 * SECOND);
    }

    @Test
    void aRateWithABurstCannotBeCounted() {
        assertThatThrownBy(() -> SlidingWindowLog.of(Rate.parse("5/10s burst 6")))
                .isInstanceOf(InvalidLimitException.class)
                .hasMessageContaining("burst is for token-bucket");
    }

    @Test
    void aLogKeepsItsEntriesWhileTheyMoveThroughItsArray() {
        long[] state = log(0);
        for (int second = 1; second <= 1_000; second++) {
            state = FIVE_IN_TEN_SECONDS.advance(state, second * SECOND + 500);
            for (int call = 0; call <= second / 100; call++) {
                state = FIVE_IN_TEN_SECONDS.consume(state, 1, second * SECOND + call);
            }
            int calls = 0;
            for (int before = Math.max(1, second - 9); before <= second; before++) {
                calls += before / 100 + 1;
            }
            assertThat(content(state)).hasSize(1 + 2 * calls).endsWith(second * SECOND + second / 100, 1);
            assertThat(FIVE_IN_TEN_SECONDS.used(state)).isEqualTo(calls);
            assertThat(state.length).isLessThan(20 + 4 * calls);
        }
    }

    @Test
    void aLogThatWasLongDoesNotStayLarge() {
        long[] state = log(0);
        for (int call = 0; call < 2_000; call++) {
            state = FIVE_IN_TEN_SECONDS.consume(state, 1, call);
        }
        state = FIVE_IN_TEN_SECONDS.consume(FIVE_IN_TEN_SECONDS.advance(state, 11 * SECOND), 1, 11 * SECOND);
        assertThat(content(state)).containsExactly(11 * SECOND, 11 * SECOND, 1);
        assertThat(state.length).isLessThan(10);
    }

    /** Returns a log as of an instant, of entries that are written as instant and cost. */
    private static long[] log(long... instantAndEntries) {
        long[] state = FIVE_IN_TEN_SECONDS.full(instantAndEntries[0]);
        for (int i = 1; i < instantAndEntries.length; i += 2) {
            state = FIVE_IN_TEN_SECONDS.consume(state, instantAndEntries[i + 1], instantAndEntries[i]);
        }
        return state;
    }

    /** Returns the instant of a log and its entries, after a check of their sum. */
    private static long[] content(long[] state) {
        long[] entries = Arrays.copyOfRange(state, (int) state[2], (int) state[3]);
        long sum = 0;
        for (int i = 1; i < entries.length; i += 2) {
            sum += entries[i];
        }
        assertThat(state[1]).as("sum of the entries").isEqualTo(sum);
        return LongStream.concat(LongStream.of(state[0]), Arrays.stream(entries))
                .toArray();
    }

    private static Observations observed(long[] state, long now, long cost) {
        Observations observations = Observations.ofRates(1);
        FIVE_IN_TEN_SECONDS.observe(FIVE_IN_TEN_SECONDS.advance(state, now), now, cost, observations, 0);
        return observations;
    }
}
