package io.ratelimit.test;

import static io.ratelimit.test.ContractLimits.EVERY_KIND;
import static io.ratelimit.test.ContractLimits.PORTIONS;
import static io.ratelimit.test.ContractLimits.TEN_A_SECOND;
import static io.ratelimit.test.ContractLimits.limit;
import static org.assertj.core.api.Assertions.assertThat;

import io.ratelimit.Charge;
import io.ratelimit.Decision;
import io.ratelimit.Limit;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Checks that rates are counted exactly and that every reported time is exact to the tick. */
abstract class StoreArithmeticContract extends StoreContractSection {

    StoreArithmeticContract(TestedStore tested) {
        super(tested);
    }

    @Test
    void oneCallOfSevenTokensEqualsSevenCallsOfOneToken() {
        for (Limit limit : EVERY_KIND) {
            tryAcquire(limit, "at once", "7");
            for (int i = 0; i < 7; i++) {
                assertThat(tryAcquire(limit, "one by one", "1").admitted()).isTrue();
            }
            assertSameStatus(limit, "at once", "one by one");
            clock.advance(Duration.ofMillis(1234));
            assertSameStatus(limit, "at once", "one by one");
        }
    }

    @Test
    void aFullBucketAdmitsItsCapacityAndNotAThousandthMore() {
        for (Limit limit : EVERY_KIND) {
            assertThat(tryAcquire(limit, "key", "10").admitted()).isTrue();
            assertThat(tryAcquire(limit, "key", "0.001").admitted()).isFalse();
        }
    }

    @Test
    void retryAfterIsExactToTheTick() {
        for (Limit limit : EVERY_KIND) {
            for (String cost : List.of("0.001", "0.333", "1", "7.5", "10")) {
                assertTightRetry(charge(limit, "key", cost));
            }
        }
    }

    @Test
    void retryAfterOfSeveralChargesIsTheLongest() {
        assertTightRetry(
                charge(TEN_A_SECOND, "one", "3"), charge(TEN_A_SECOND, "other", "9"), charge(PORTIONS, "one", "1"));
        assertTightRetry(charge(TEN_A_SECOND, "one", "1"), charge(limit("hour", "1/1h burst 5"), "one", "2"));
    }

    @Test
    void resetAfterIsExactToTheTick() {
        for (Limit limit : EVERY_KIND) {
            tryAcquire(limit, "key", "6.789");
            clock.advance(Duration.ofMillis(100));
            assertThat(tryAcquire(limit, "key", "0.5").admitted()).isTrue();
            Duration reset = peek(limit, "key").resetAfter();
            clock.advance(reset.minus(tick(limit)));
            assertThat(peek(limit, "key").resetAfter()).isPositive().isLessThanOrEqualTo(tick(limit));
            clock.advance(tick(limit));
            assertThat(peek(limit, "key").resetAfter()).isZero();
            assertThat(peek(limit, "key").remaining()).isEqualTo(10);
        }
    }

    @Test
    void smoothRefillAddsNeitherMoreNorLessThanTheRate() {
        Limit limit = limit("seventh", "7/3s burst 0.5");
        BigDecimal taken = BigDecimal.ZERO;
        for (int i = 0; i < 3_000; i++) {
            clock.advance(Duration.ofMillis(i % 13));
            taken = taken.add(tryAcquire(limit, "key", "0.05").admitted() ? new BigDecimal("0.05") : BigDecimal.ZERO);
        }
        double earned = 0.5 + 7 * clock.now().toNanos() / 3e9;
        assertThat(taken.doubleValue()).isLessThanOrEqualTo(earned).isGreaterThan(earned - 0.1);
    }

    @Test
    void intervalRefillAddsWholePortionsCountedFromTheFirstCharge() {
        clock.advance(Duration.ofMillis(2345));
        tryAcquire(PORTIONS, "key", "10");
        clock.advance(Duration.ofNanos(999_999_000));
        assertThat(peek(PORTIONS, "key").remaining()).isZero();
        clock.advance(Duration.ofNanos(1_000));
        assertThat(peek(PORTIONS, "key").remaining()).isEqualTo(3);
        clock.advance(Duration.ofMillis(2_999));
        assertThat(peek(PORTIONS, "key").remaining()).isEqualTo(6 + 3);
        assertThat(peek(PORTIONS, "key").resetAfter()).isEqualTo(Duration.ofMillis(1));
    }

    /** Empties the buckets one after the other, then asserts that the charges fit exactly after the reported wait. */
    private void assertTightRetry(Charge... charges) {
        for (Charge charge : charges) {
            reset(charge.limit(), charge.key());
            tryAcquire(charge.limit(), charge.key(), "4.444");
            clock.advance(Duration.ofMillis(77));
            Decision look = peek(charge.limit(), charge.key());
            tryAcquire(
                    charge.limit(),
                    charge.key(),
                    BigDecimal.valueOf(look.remaining()).toPlainString());
        }
        Decision rejected = decide(charges);
        assertThat(rejected.admitted()).isFalse();
        Duration period =
                rejected.rejectedBy().orElseThrow().rate().orElseThrow().period();
        Duration tick = Duration.ofNanos(period.toSeconds() < 60 ? 1_000 : 1_000_000);
        clock.advance(retryAfter(rejected).minus(tick));
        assertThat(decide(charges).admitted())
                .as("one tick before the retry-after of %s", rejected)
                .isFalse();
        clock.advance(tick);
        assertThat(decide(charges).admitted())
                .as("at the retry-after of %s", rejected)
                .isTrue();
    }
}
