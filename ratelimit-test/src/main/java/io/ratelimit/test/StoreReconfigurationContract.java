package io.ratelimit.test;

import static io.ratelimit.test.ContractLimits.TWO_AT_ONCE;
import static org.assertj.core.api.Assertions.assertThat;

import io.ratelimit.Decision;
import io.ratelimit.Limit;
import io.ratelimit.RateStatus;
import io.ratelimit.StoreFailurePolicy;
import io.ratelimit.algorithm.Algorithm;
import io.ratelimit.algorithm.LeaseState;
import io.ratelimit.algorithm.Refill;
import java.math.BigDecimal;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** Checks how a bucket continues when its limit is given another configuration. */
abstract class StoreReconfigurationContract extends StoreContractSection {

    StoreReconfigurationContract(TestedStore tested) {
        super(tested);
    }

    @Test
    void anotherRateKeepsWholeThousandthsRoundedDown() {
        tryAcquire(limit("3/1s burst 10"), "key", "10");
        clock.advance(Duration.ofNanos(1_234_000));
        Decision rejected = tryAcquire(limit("8/1s burst 10"), "key", "0.004");
        assertThat(rejected.remaining()).isEqualTo(0.003);
        assertThat(retryAfter(rejected)).isEqualTo(Duration.ofNanos(125_000));
    }

    @Test
    void aSmallerBurstCapsTheTokens() {
        tryAcquire(limit("20/s"), "key", "3");
        assertThat(tryAcquire(limit("10/s"), "key", "0.5").remaining()).isEqualTo(9.5);
    }

    @Test
    void aLargerBurstDoesNotRefill() {
        tryAcquire(limit("10/s"), "key", "10");
        Decision rejected = tryAcquire(limit("20/s"), "key", "1");
        assertThat(rejected.admitted()).isFalse();
        assertThat(rejected.remaining()).isZero();
    }

    @Test
    void aRaisedRateAppliesFromTheFirstRejection() {
        tryAcquire(limit("1/1d"), "key", "1");
        Decision rejected = tryAcquire(limit("8640/1d"), "key", "1");
        assertThat(retryAfter(rejected)).isEqualTo(Duration.ofSeconds(10));
        clock.advance(Duration.ofSeconds(10));
        assertThat(tryAcquire(limit("8640/1d"), "key", "1").admitted()).isTrue();
    }

    @Test
    void anAddedRateStartsWithAsManyTokensUsedAsTheMostUsedRate() {
        tryAcquire(limit("10/s", "20/1m"), "key", "8");
        clock.advance(Duration.ofMillis(500));
        assertThat(tryAcquire(limit("10/s", "20/1m", "100/1h"), "key", "1").statuses())
                .extracting(RateStatus::remaining)
                .containsExactly(6.0, 11.166, 91.166);
    }

    @Test
    void anAddedRateWithLessCapacityThanIsUsedStartsEmpty() {
        tryAcquire(limit("10/s"), "key", "4");
        Decision rejected = tryAcquire(limit("10/s", "3/1h"), "key", "1");
        assertThat(rejected.statuses()).extracting(RateStatus::remaining).containsExactly(6.0, 0.0);
        assertThat(retryAfter(rejected)).isEqualTo(Duration.ofMinutes(20));
    }

    @Test
    void aRateOfAnotherPeriodCountsAsAdded() {
        tryAcquire(limit("10/s"), "key", "4");
        assertThat(tryAcquire(limit("100/1m"), "key", "1").remaining()).isEqualTo(95);
    }

    @Test
    void removingARateDoesNotAffectTheOthers() {
        tryAcquire(limit("10/s", "20/1m"), "key", "8");
        assertThat(tryAcquire(limit("10/s"), "key", "1").remaining()).isEqualTo(1);
    }

    @Test
    void definingTheSameRatesAgainKeepsEveryFraction() {
        tryAcquire(limit("3/1s burst 10"), "anew", "10");
        tryAcquire(limit("3/1s burst 10"), "same", "10");
        for (int i = 0; i < 100; i++) {
            clock.advance(Duration.ofNanos(123_000));
            Limit anew = Limit.named("limit")
                    .rates("3/1s burst 10")
                    .cost(BigDecimal.valueOf(i % 2))
                    .onStoreFailure(i % 2 == 0 ? StoreFailurePolicy.DENY : StoreFailurePolicy.ALLOW)
                    .build();
            tryAcquire(anew, "anew", "5");
        }
        assertThat(figures(peek(limit("3/1s burst 10"), "anew")))
                .isEqualTo(figures(peek(limit("3/1s burst 10"), "same")));
    }

    @Test
    void smoothRefillContinuesIntervalRefillWithoutAnExtraToken() {
        tryAcquire(interval("10/1s"), "key", "10");
        clock.advance(Duration.ofMillis(1900));
        assertThat(tryAcquire(limit("10/1s"), "key", "9").remaining()).isEqualTo(1);
        clock.advance(Duration.ofMillis(100));
        assertThat(tryAcquire(limit("10/1s"), "key", "2").remaining()).isZero();
    }

    @Test
    void aLoweredRateAppliesFromTheFirstAdmission() {
        tryAcquire(limit("8640/1d"), "key", "8640");
        assertThat(tryAcquire(limit("86.4/1d"), "key", "1").admitted()).isFalse();
        clock.advance(Duration.ofSeconds(10));
        assertThat(tryAcquire(limit("86.4/1d"), "key", "1").admitted()).isTrue();
        clock.advance(Duration.ofSeconds(999));
        assertThat(tryAcquire(limit("86.4/1d"), "key", "1").admitted()).isFalse();
        clock.advance(Duration.ofSeconds(1));
        assertThat(tryAcquire(limit("86.4/1d"), "key", "1").admitted()).isTrue();
    }

    @Test
    void rejectionsUnderTwoConfigurationsDoNotKeepABucketEmpty() {
        Limit[] limits = {limit("10/s burst 100"), limit("100/1m")};
        tryAcquire(limits[1], "key", "100");
        int rejections = 0;
        while (rejections < 20_000
                && !tryAcquire(limits[rejections % 2], "key", "1").admitted()) {
            clock.advance(Duration.ofNanos(10_000));
            rejections++;
        }
        assertThat(rejections).isBetween(9_000, 10_100);
    }

    @Test
    void intervalRefillContinuesSmoothRefillWithANewPeriod() {
        tryAcquire(limit("10/1s"), "key", "10");
        clock.advance(Duration.ofMillis(300));
        Decision decision = tryAcquire(interval("10/1s"), "key", "1");
        assertThat(decision.remaining()).isEqualTo(2);
        assertThat(decision.resetAfter()).isEqualTo(Duration.ofSeconds(1));
    }

    @Test
    void alternatingConfigurationsRefillNothing() {
        Limit[] limits = {limit("10/s"), limit("20/s")};
        int taken = 0;
        for (int i = 0; i < 200; i++) {
            taken += tryAcquire(limits[i % 2], "key", "1").admitted() ? 1 : 0;
        }
        assertThat(taken).isBetween(10, 20);
    }

    @Test
    void alternatingConfigurationsAdmitBetweenTheSmallerAndTheLargerRate() {
        Limit[] limits = {limit("10/s"), limit("20/s")};
        tryAcquire(limits[1], "key", "20");
        int turns = 10_000;
        int taken = 0;
        for (int i = 0; i < turns; i++) {
            clock.advance(Duration.ofMillis(1));
            taken += tryAcquire(limits[i % 2], "key", "1").admitted() ? 1 : 0;
        }
        double lost = turns * 0.001;
        assertThat((double) taken).isBetween(10 * turns / 1e3 - lost - 1, 20 * turns / 1e3);
    }

    @Test
    void aRefundUnderAnOlderConfigurationIsAddedToTheCurrentTokens() {
        Decision older = tryAcquire(limit("10/1h"), "key", "2");
        Limit faster = limit("3600/1h");
        tryAcquire(faster, "key", "1");
        clock.advance(Duration.ofMinutes(10));
        assertThat(tryAcquire(faster, "key", "598").remaining()).isEqualTo(9);
        refund(older, "2");
        assertThat(tryAcquire(faster, "key", "1").remaining()).isEqualTo(10);
    }

    @Test
    void aRefundUnderAnOlderConfigurationDoesNotRestoreItsRate() {
        Decision older = tryAcquire(limit("36000/1h"), "key", "2");
        Limit slower = limit("10/1h");
        tryAcquire(slower, "key", "10");
        refund(older, "0.001");
        clock.advance(Duration.ofMinutes(1));
        assertThat(tryAcquire(slower, "key", "1").remaining()).isEqualTo(0.167);
    }

    @Test
    void aDebitUnderAnOlderConfigurationConsumesCurrentTokens() {
        Decision older = tryAcquire(limit("10/1h"), "key", "1");
        Limit faster = limit("3600/1h");
        tryAcquire(faster, "key", "1");
        clock.advance(Duration.ofMinutes(10));
        debit(older, "600");
        assertThat(tryAcquire(faster, "key", "1").remaining()).isEqualTo(7);
    }

    @Test
    void aDebtOfALargerCounterIsADebtOfASmallerOne() {
        Decision much = tryAcquire(counter("4503599627/1d"), "key", "4503599627");
        debit(much, "4503599627");
        Limit few = counter("10/1d");
        assertThat(tryAcquire(few, "key", "1").admitted()).isFalse();
        Duration day = Duration.ofDays(1);
        clock.advance(day.minusNanos(clock.getAsLong() % day.toNanos()));
        assertThat(tryAcquire(few, "key", "1").admitted()).isFalse();
    }

    @Test
    void aLeaseOfAnOlderConfigurationKeepsItsLeaseTime() {
        Decision older = tryAcquire(maxConcurrent(2, Duration.ofSeconds(30)), "key", "1");
        Limit shorter = maxConcurrent(2, Duration.ofSeconds(3));
        tryAcquire(shorter, "key", "1");
        clock.advance(Duration.ofSeconds(10));
        assertThat(renew(older)).isEqualTo(LeaseState.HELD);
        clock.advance(Duration.ofMillis(29_999));
        Decision rejected = tryAcquire(shorter, "key", "2");
        assertThat(rejected.remaining()).isEqualTo(1);
        assertThat(retryAfter(rejected)).isEqualTo(Duration.ofMillis(1));
    }

    @Test
    void aCallQueuedUnderAnOlderConfigurationIsReadyWhenThatAdmitsIt() {
        Limit few = maxConcurrent(1, Duration.ofSeconds(30));
        Decision older = tryAcquire(few, "key", "1");
        Decision queued = decide(Duration.ofSeconds(1), charge(few, "key", "1"));
        assertThat(queued.isQueued()).isTrue();
        Decision newer = tryAcquire(maxConcurrent(3, Duration.ofSeconds(30)), "key", "1");
        assertThat(newer.admitted()).isTrue();
        refund(older, "1");
        assertThat(renew(queued)).isEqualTo(LeaseState.WAITING);
        refund(newer, "1");
        assertThat(renew(queued)).isEqualTo(LeaseState.READY);
        assertThat(retry(queued).admitted()).isTrue();
    }

    @Test
    void aLeaseOfAnOlderConfigurationDoesNotAffectTokens() {
        Decision older = tryAcquire(maxConcurrent(10, Duration.ofSeconds(1)), "key", "1");
        Limit tokens = limit("10/1d");
        tryAcquire(tokens, "key", "9");
        assertThat(renew(older)).isEqualTo(LeaseState.LOST);
        refund(older, "1");
        clock.advance(Duration.ofSeconds(2));
        assertThat(tryAcquire(tokens, "key", "1").admitted()).isFalse();
    }

    @Test
    void leasesContinueWhenTheLimitIsRedefined() {
        Decision held = tryAcquire(TWO_AT_ONCE, "key", "2");
        Limit one = Limit.named("two").maxConcurrent(1, Duration.ofSeconds(10)).build();
        assertThat(tryAcquire(one, "key", "1").admitted()).isFalse();
        assertThat(renew(held)).isEqualTo(LeaseState.HELD);
        refund(held, "1");
        assertThat(tryAcquire(one, "key", "0.001").admitted()).isFalse();
        refund(held, "1");
        assertThat(tryAcquire(one, "key", "1").admitted()).isTrue();
    }

    private static Limit maxConcurrent(int tokens, Duration lease) {
        return Limit.named("limit")
                .maxConcurrent(tokens, lease)
                .cost(BigDecimal.ZERO)
                .build();
    }

    private static Limit counter(String rate) {
        return Limit.named("limit")
                .rates(rate)
                .cost(BigDecimal.ZERO)
                .algorithm(Algorithm.SLIDING_WINDOW_COUNTER)
                .build();
    }

    private static Limit limit(String... rates) {
        return Limit.named("limit").rates(rates).cost(BigDecimal.ZERO).build();
    }

    private static Limit interval(String... rates) {
        return Limit.named("limit")
                .rates(rates)
                .cost(BigDecimal.ZERO)
                .refill(Refill.INTERVAL)
                .build();
    }
}
