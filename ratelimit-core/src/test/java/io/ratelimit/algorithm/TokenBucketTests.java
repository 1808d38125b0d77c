package io.ratelimit.algorithm;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TokenBucketTests {

    private static final TokenBucket TEN_A_SECOND = smooth("10/s");
    private static final TokenBucket PORTIONS = TokenBucket.of(Rate.parse("3/1s burst 10"), Refill.INTERVAL);

    @ParameterizedTest
    @CsvSource({
        "10/s,               1000,    1000000,  1,     100,        1000000",
        "3/s,                1000,    1000000,  3,     1000,       3000000",
        "7/s,                1000,    1000000,  7,     1000,       7000000",
        "1000000/s,          1000,    1000000,  1000,  1,          1000000000",
        "60/m,               1000000, 60000,    1,     1,          60000",
        "1/m,                1000000, 60000,    1,     60,         60000",
        "1000/1h burst 200,  1000000, 3600000,  5,     18,         3600000",
        "0.001/d,            1000000, 86400000, 1,     86400000,   86400000",
        "10/59.999999s,      1000,    59999999, 10000, 59999999,   599999990000",
    })
    void unitsAreTheSmallestThatMakeTicksAndThousandthsWhole(
            String text, long tickNanos, long period, long refill, long unitsPerThousandth, long capacity) {
        TokenBucket bucket = smooth(text.replace("59.999999s", "PT59.999999S"));
        assertThat(bucket.tickNanos()).isEqualTo(tickNanos);
        assertThat(bucket.period()).isEqualTo(period);
        assertThat(bucket.refill()).isEqualTo(refill);
        assertThat(bucket.unitsPerThousandth()).isEqualTo(unitsPerThousandth);
        assertThat(bucket.capacity()).isEqualTo(capacity);
        assertThat(bucket.capacity()).isEqualTo(bucket.capacityThousandths() * unitsPerThousandth);
    }

    @Test
    void theUnitOfIntervalRefillIsTheThousandth() {
        assertThat(PORTIONS.isInterval()).isTrue();
        assertThat(PORTIONS.unitsPerThousandth()).isEqualTo(1);
        assertThat(PORTIONS.refill()).isEqualTo(3000);
        assertThat(PORTIONS.capacity()).isEqualTo(10_000);
    }

    @ParameterizedTest
    @CsvSource({
        "100000,  1000,  0",
        "99999,   1000,  1",
        "0,       0,     0",
        "0,       1000,  100000",
        "-50000,  1000,  150000",
        "1000000, 10001, never",
    })
    void aCostFitsNowOrAfterAWaitOfWholeTicks(long level, long cost, String wait) {
        long ticks = TEN_A_SECOND.ticksUntilAdmitted(Observations.of(0, level, 0, 0), 0, cost);
        assertThat(ticks).isEqualTo(wait.equals("never") ? RateAlgorithm.NEVER : Long.parseLong(wait));
    }

    @Test
    void remainingTokensAreRoundedDownAndNeverNegative() {
        assertThat(TEN_A_SECOND.remaining(Observations.of(0, 199, 0, 0), 0, 0)).isEqualTo(1);
        assertThat(TEN_A_SECOND.remaining(Observations.of(0, 199, 0, 0), 0, 1)).isZero();
        assertThat(TEN_A_SECOND.remaining(Observations.of(0, -1, 0, 0), 0, 0)).isZero();
    }

    @Test
    void waitsAreRoundedUpToATick() {
        TokenBucket three = smooth("3/s");
        assertThat(three.ticksUntilAdmitted(Observations.of(0, 0, 0, 0), 0, 1)).isEqualTo(334);
        assertThat(three.ticksUntilReset(Observations.of(0, 2_999_999, 0, 0), 0, 0, 0))
                .isEqualTo(1);
        assertThat(TEN_A_SECOND.ticksUntilReset(Observations.of(0, 1_000_000, 0, 0), 0, 10_000, 0))
                .isEqualTo(1_000_000);
    }

    @Test
    void waitsForPortionsEndWithPeriods() {
        Observations observations = Observations.of(0, 0, 250_000, 0);
        assertThat(PORTIONS.ticksUntilAdmitted(observations, 0, 1)).isEqualTo(750_000);
        assertThat(PORTIONS.ticksUntilAdmitted(observations, 0, 3001)).isEqualTo(1_750_000);
        assertThat(PORTIONS.ticksUntilReset(Observations.of(0, 0, 0, 0), 0, 0, 0))
                .isEqualTo(4_000_000);
    }

    @Test
    void levelAndTimeFitOneNumber() {
        long fullAt = TEN_A_SECOND.fullAt(300_000, 5_000_000);
        assertThat(TEN_A_SECOND.level(fullAt, 5_000_000)).isEqualTo(300_000);
        assertThat(TEN_A_SECOND.level(fullAt, 5_000_001)).isEqualTo(300_001);
        assertThat(TEN_A_SECOND.level(fullAt, 9_000_000)).isEqualTo(1_000_000);
    }

    @Test
    void portionsComeAtTheEndsOfPeriodsUpToTheCapacity() {
        assertThat(PORTIONS.advance(new long[] {500, 1000}, 1_000_499)).containsExactly(500, 1000);
        assertThat(PORTIONS.advance(new long[] {500, 1000}, 1_000_500)).containsExactly(1_000_500, 4000);
        assertThat(PORTIONS.advance(new long[] {500, 1000}, 1_700_000)).containsExactly(1_000_500, 4000);
        assertThat(PORTIONS.advance(new long[] {500, 1000}, 1L << 52)).containsExactly(1L << 52, 10_000);
    }

    @Test
    void aClockThatMovedBackForGoodKeepsTheLevel() {
        assertThat(TEN_A_SECOND.advance(new long[] {5_000_000, 7}, 4_000_000)).containsExactly(5_000_000, 7);
        assertThat(TEN_A_SECOND.advance(new long[] {5_000_000, 7}, 3_999_999)).containsExactly(3_999_999, 7);
    }

    @Test
    void aMigratedBucketKeepsWholeThousandthsUpToItsCapacity() {
        assertThat(migrated("20/s", 350, TEN_A_SECOND)).containsExactly(9, 150);
        assertThat(migrated("7/s", 3_500, smooth("3/s burst 7"))).containsExactly(9, 3_500);
        assertThat(migrated("10/s burst 2", 1_000_000, TEN_A_SECOND)).containsExactly(9, 200_000);
        assertThat(TEN_A_SECOND.canMigrateFrom(smooth("20/s"))).isTrue();
        assertThat(TEN_A_SECOND.canMigrateFrom(smooth("10/2s"))).isFalse();
        assertThat(smooth("10/10s").canMigrateFrom(smooth("10/10000s"))).isFalse();
        assertThat(TEN_A_SECOND.canMigrateFrom(SlidingWindowLog.of(Rate.parse("10/s"))))
                .isFalse();
    }

    @ParameterizedTest
    @CsvSource({"10/s, 1000", "10/1m, 1000000"})
    void ticksAreWholeOnesRoundedDown(String rate, long tickNanos) {
        TokenBucket bucket = TokenBucket.of(Rate.parse(rate), Refill.SMOOTH);
        Random random = new Random(1);
        for (int bits = 0; bits < 63; bits++) {
            for (int i = 0; i < 1_000; i++) {
                long ticks = (random.nextLong() >>> 1 >>> bits) / tickNanos;
                assertThat(bucket.ticks(ticks * tickNanos)).isEqualTo(ticks);
                assertThat(bucket.ticks(ticks * tickNanos + random.nextLong(tickNanos)))
                        .isEqualTo(ticks);
                assertThat(bucket.ticks(Math.max(0, ticks * tickNanos - 1))).isEqualTo(Math.max(0, ticks - 1));
            }
        }
        assertThat(bucket.ticks(Long.MAX_VALUE)).isEqualTo(Long.MAX_VALUE / tickNanos);
        assertThat(bucket.ticks(-3 * tickNanos)).isEqualTo(-3);
        assertThat(bucket.ticks(-3 * tickNanos + 1)).isEqualTo(-2);
    }

    @Test
    void aRefundFillsUpToTheCapacity() {
        assertThat(TEN_A_SECOND.refund(new long[] {9, -100_000}, 3000, 9)).containsExactly(9, 200_000);
        assertThat(TEN_A_SECOND.refund(new long[] {9, 900_000}, 3000, 9)).containsExactly(9, 1_000_000);
    }

    private static long[] migrated(String rate, long level, TokenBucket from) {
        return smooth(rate).migrate(new long[] {9, level}, from, 9);
    }

    private static TokenBucket smooth(String rate) {
        return TokenBucket.of(Rate.parse(rate), Refill.SMOOTH);
    }
}
