package io.ratelimit.algorithm;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConcurrencyLeasesTests {

    private static final long LEASE = 30_000;
    private static final ConcurrencyLeases TWO = ConcurrencyLeases.of(new ConcurrencyCap(2, Duration.ofMillis(LEASE)));

    /** Leases 1 and 2 of one token each, which expire at 30 and 40 s, as of 20 s. */
    private static long[] bothHeld() {
        return new long[] {20_000, 1, 1_000, 30_000, 2, 1_000, 40_000};
    }

    @ParameterizedTest
    @CsvSource({
        "1000, 10000",
        "2000, 20000",
        "0,    0",
        "2001, never",
    })
    void theWaitLastsUntilEnoughLeasesExpire(long cost, String wait) {
        long ticks = TWO.ticksUntilAdmitted(observed(TWO.forLease(3), bothHeld(), cost), 0, cost);
        assertThat(ticks).isEqualTo(wait.equals("never") ? RateAlgorithm.NEVER : Long.parseLong(wait));
    }

    @Test
    void aLeaseExpiresUnlessItIsRenewed() {
        assertThat(TWO.advance(bothHeld(), 29_999)).hasSize(7);
        assertThat(TWO.advance(bothHeld(), 30_000)).containsExactly(30_000, 2, 1_000, 40_000);
        long[] renewed = TWO.forLease(1).renew(bothHeld());
        assertThat(renewed).containsExactly(20_000, 1, 1_000, 20_000 + LEASE, 2, 1_000, 40_000);
        long[] unchanged = bothHeld();
        assertThat(TWO.forLease(3).renew(unchanged)).isSameAs(unchanged).containsExactly(bothHeld());
    }

    @Test
    void aLeaseIsReleasedOnce() {
        long[] released = TWO.forLease(1).refund(bothHeld(), 1_000, 0);
        assertThat(released).containsExactly(20_000, 2, 1_000, 40_000);
        assertThat(TWO.forLease(1).refund(released, 1_000, 0)).isSameAs(released);
    }

    @Test
    void partOfALeaseOfSeveralTokensCanBeReturned() {
        long[] state = {20_000, 1, 2_000, 30_000};
        assertThat(TWO.forLease(1).refund(state, 500, 0)).containsExactly(20_000, 1, 1_500, 30_000);
    }

    @Test
    void aQueuedCallIsReadyOnceTheLeasesBeforeItAreFree() {
        long[] queued = TWO.forLease(4).enqueue(TWO.forLease(3).enqueue(bothHeld(), 1_000), 1_000);
        assertThat(TWO.forLease(3).leaseState(queued)).isEqualTo(LeaseState.WAITING);
        assertThat(TWO.readyLeases(queued)).isEmpty();
        long[] oneFree = TWO.forLease(1).refund(queued, 1_000, 0);
        assertThat(TWO.forLease(3).leaseState(oneFree)).isEqualTo(LeaseState.READY);
        assertThat(TWO.forLease(4).leaseState(oneFree)).isEqualTo(LeaseState.WAITING);
        assertThat(TWO.readyLeases(oneFree)).containsExactly(3);
        assertThat(TWO.forLease(3).leaseState(TWO.forLease(3).consume(oneFree, 1_000, 0)))
                .isEqualTo(LeaseState.HELD);
    }

    @Test
    void aNewCallDoesNotOvertakeTheQueue() {
        long[] queued = TWO.forLease(3).enqueue(bothHeld(), 1_000);
        long[] oneFree = TWO.forLease(1).refund(queued, 1_000, 0);
        ConcurrencyLeases other = TWO.forLease(5);
        assertThat(other.ticksUntilAdmitted(observed(other, oneFree, 1_000), 0, 1_000))
                .isPositive();
        ConcurrencyLeases first = TWO.forLease(3);
        assertThat(first.ticksUntilAdmitted(observed(first, oneFree, 1_000), 0, 1_000))
                .isZero();
    }

    @Test
    void onlyAQueuedCallLeavesTheQueue() {
        long[] queued = TWO.forLease(3).enqueue(bothHeld(), 1_000);
        assertThat(TWO.forLease(3).leaveQueue(queued)).containsExactly(bothHeld());
        assertThat(TWO.forLease(1).leaveQueue(queued)).isSameAs(queued);
        assertThat(TWO.forLease(9).leaseState(queued)).isEqualTo(LeaseState.LOST);
    }

    @Test
    void aCallWithoutALeaseOrACostDoesNotQueue() {
        long[] state = bothHeld();
        assertThat(TWO.enqueue(state, 1_000)).isSameAs(state);
        assertThat(TWO.forLease(3).enqueue(state, 0)).isSameAs(state);
        assertThat(state).containsExactly(bothHeld());
    }

    @Test
    void aBucketWithALeaseIsEvictedLast() {
        assertThat(TWO.fullness(new long[] {20_000})).isEqualTo(1);
        assertThat(TWO.fullness(new long[] {20_000, 1, 1, 30_000})).isZero();
    }

    @Test
    void usedTokensOfAnotherAlgorithmBecomeALeaseThatExpires() {
        assertThat(TWO.fullWithUsed(5_000, 20_000)).containsExactly(20_000, 0, 2_000, 20_000 + LEASE);
        assertThat(TWO.fullWithUsed(0, 20_000)).containsExactly(20_000);
    }

    @Test
    void aClockThatMovedBackForGoodLeavesNoLeaseLongerThanALeaseTime() {
        assertThat(TWO.advance(bothHeld(), 0)).containsExactly(bothHeld());
        long[] late = {50_000, 1, 1_000, 80_000};
        assertThat(TWO.advance(late, 10_000)).containsExactly(10_000, 1, 1_000, 40_000);
    }

    @Test
    void makesNoReservations() {
        assertThat(TWO.waitWithin(Duration.ofHours(1))).isZero();
        assertThat(TWO.project(Observations.ofRates(1), 0, 1, 1_000, 1_000, Observations.ofRates(1)))
                .isFalse();
    }

    private static Observations observed(ConcurrencyLeases leases, long[] state, long cost) {
        Observations observations = Observations.ofRates(1);
        leases.observe(state, state[0], cost, observations, 0);
        return observations;
    }
}
