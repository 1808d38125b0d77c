package io.ratelimit;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
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
    void countsInTheSmallestUnitsThatAreWhole(
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
    void intervalRefillCountsThousandths() {
        assertThat(PORTIONS.isInterval()).isTrue();
        assertThat(PORTIONS.unitsPerThousandth()).isEqualTo(1);
        assertThat(PORTIONS.refill()).isEqualTo(3000);
        assertThat(PORTIONS.capacity()).isEqualTo(10_000);
    }

    @Test
    void admitsWhatFits() {
        assertThat(TEN_A_SECOND.admits(100_000, 1000)).isTrue();
        assertThat(TEN_A_SECOND.admits(99_999, 1000)).isFalse();
        assertThat(TEN_A_SECOND.admits(0, 0)).isTrue();
        assertThat(TEN_A_SECOND.admits(1_000_000, 10_001)).isFalse();
        assertThat(TEN_A_SECOND.admits(1_000_000, Tokens.MOST_THOUSANDTHS)).isFalse();
    }

    @Test
    void remainingIsRoundedDown() {
        assertThat(TEN_A_SECOND.remaining(199)).isEqualTo(1);
        assertThat(TEN_A_SECOND.remaining(0)).isZero();
        assertThat(TEN_A_SECOND.remaining(-1)).isEqualTo(-1);
    }

    @Test
    void waitsAreRoundedUpToATick() {
        assertThat(smooth("3/s").untilAdmitted(0, 0, 1)).isEqualTo(Duration.ofNanos(334_000));
        assertThat(smooth("3/s").untilFull(2_999_999, 0)).isEqualTo(Duration.ofNanos(1_000));
        assertThat(TEN_A_SECOND.untilAdmitted(100_000, 0, 1000)).isZero();
        assertThat(TEN_A_SECOND.untilFull(0, 0)).isEqualTo(Duration.ofSeconds(1));
    }

    @Test
    void waitsForPortionsEndWithPeriods() {
        assertThat(PORTIONS.untilAdmitted(0, 250_000, 1)).isEqualTo(Duration.ofMillis(750));
        assertThat(PORTIONS.untilAdmitted(0, 250_000, 3001)).isEqualTo(Duration.ofMillis(1750));
        assertThat(PORTIONS.untilFull(0, 0)).isEqualTo(Duration.ofSeconds(4));
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
        assertThat(PORTIONS.intervalLevel(1000, 500, 1_000_499)).isEqualTo(1000);
        assertThat(PORTIONS.intervalLevel(1000, 500, 1_000_500)).isEqualTo(4000);
        assertThat(PORTIONS.intervalLevel(1000, 500, Long.MAX_VALUE / 2)).isEqualTo(10_000);
        assertThat(PORTIONS.intervalStart(4000, 500, 1_700_000)).isEqualTo(1_000_500);
        assertThat(PORTIONS.intervalStart(10_000, 500, 1_700_000)).isEqualTo(1_700_000);
    }

    @Test
    void adoptsWholeThousandthsUpToItsCapacity() {
        assertThat(smooth("20/s").adopt(350, TEN_A_SECOND)).isEqualTo(150);
        assertThat(smooth("7/s").adopt(3_500, smooth("3/s burst 7"))).isEqualTo(3_500);
        assertThat(smooth("10/s burst 2").adopt(1_000_000, TEN_A_SECOND)).isEqualTo(200_000);
        assertThat(TEN_A_SECOND.matches(smooth("20/s"))).isTrue();
        assertThat(TEN_A_SECOND.matches(smooth("10/2s"))).isFalse();
        assertThat(smooth("10/10s").matches(smooth("10/10000s"))).isFalse();
    }

    private static TokenBucket smooth(String rate) {
        return TokenBucket.of(Rate.parse(rate), Refill.SMOOTH);
    }
}
