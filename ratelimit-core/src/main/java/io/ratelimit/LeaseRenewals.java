package io.ratelimit;

import io.ratelimit.algorithm.LeaseState;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Renews the leases of running calls and of queued ones, in batches, three times within each lease time, until they are
 * released or dropped.
 *
 * <p>A call has lost its lease if the store no longer knows the lease, or could not renew it for a whole lease time.
 */
final class LeaseRenewals {

    private static final int BATCH = 128;
    private static final int RENEWALS = 3;

    private final RateLimitStore store;
    private final TimeoutScheduler scheduler;
    private final PendingRefunds refunds;
    private final ListenerNotifier listeners;
    private final Map<Decision, RenewedLease> leases = new ConcurrentHashMap<>();
    private final Map<Duration, Future<?>> rounds = new ConcurrentHashMap<>();

    /**
     * Creates an object without leases.
     *
     * @param listeners notified of each decision whose lease is lost while its call runs, once
     */
    LeaseRenewals(
            RateLimitStore store, TimeoutScheduler scheduler, PendingRefunds refunds, ListenerNotifier listeners) {
        this.store = store;
        this.scheduler = scheduler;
        this.refunds = refunds;
        this.listeners = listeners;
    }

    /** Starts renewing the leases of a running call. */
    void hold(Decision decision) {
        keep(decision, null);
    }

    /**
     * Starts renewing the leases of a decision.
     *
     * @param renewed gets the state of the leases after each renewal; null for a running call, whose loss is reported
     */
    void keep(Decision decision, @Nullable BiConsumer<Decision, LeaseState> renewed) {
        RenewedLease lease = new RenewedLease(shortestLeaseTime(decision), renewed);
        leases.put(decision, lease);
        if (!rounds.containsKey(lease.time)) {
            startRound(lease.time);
        }
    }

    private void startRound(Duration leaseTime) {
        rounds.computeIfAbsent(
                leaseTime, time -> scheduler.scheduleRepeatedly(time.toNanos() / RENEWALS, () -> renewAll(time)));
    }

    /** Stops renewing the leases of a decision, without releasing them. */
    void drop(Decision decision) {
        leases.remove(decision);
    }

    boolean isLost(Decision decision) {
        RenewedLease lease = leases.get(decision);
        return lease != null && lease.isLost();
    }

    /** Releases the leases of a decision; does nothing if they are released or dropped already. */
    CompletionStage<Void> release(Decision decision) {
        RenewedLease lease = decision.isLeased() ? leases.remove(decision) : null;
        return lease == null ? CompletableFuture.completedFuture(null) : refunds.refund(decision, decision.leases());
    }

    /** Renews the leases of some decisions now, and passes each new state on. */
    void renew(List<Decision> decisions) {
        for (int i = 0; i < decisions.size(); i += BATCH) {
            renewBatch(decisions.subList(i, Math.min(decisions.size(), i + BATCH)));
        }
    }

    private void renewAll(Duration time) {
        List<Decision> all = withLeaseTime(time);
        Future<?> round = all.isEmpty() ? rounds.remove(time) : null;
        if (round != null) {
            round.cancel(false);
            // A lease that was added before the round was removed relied on it.
            all = withLeaseTime(time);
            if (!all.isEmpty()) {
                startRound(time);
            }
        }
        renew(all);
    }

    private List<Decision> withLeaseTime(Duration leaseTime) {
        List<Decision> all = new ArrayList<>();
        leases.forEach((decision, lease) -> {
            if (lease.time.equals(leaseTime)) {
                all.add(decision);
            }
        });
        return all;
    }

    private void renewBatch(List<Decision> batch) {
        long sent = System.nanoTime();
        CompletionStage<List<LeaseState>> answer;
        try {
            answer = store.renew(batch);
        } catch (RuntimeException ex) {
            answer = CompletableFuture.failedFuture(ex);
        }
        answer.whenComplete((states, failure) -> {
            for (int i = 0; i < batch.size(); i++) {
                onRenewed(batch.get(i), failure == null ? states.get(i) : LeaseState.UNKNOWN, sent);
            }
        });
    }

    private void onRenewed(Decision decision, LeaseState state, long sent) {
        RenewedLease lease = leases.get(decision);
        if (lease == null) {
            return;
        }
        boolean isKnown = state.compareTo(LeaseState.UNKNOWN) < 0;
        if (isKnown) {
            lease.renewedNanos = sent;
        }
        LeaseState known = lease.isLost() ? LeaseState.LOST : state;
        if (lease.renewed != null) {
            lease.renewed.accept(decision, known);
        } else if (known == LeaseState.LOST && !lease.lost) {
            lease.lost = true;
            listeners.tell(decision, RateLimitListener::onLost);
        }
    }

    private static Duration shortestLeaseTime(Decision decision) {
        Duration shortest = Duration.ZERO;
        for (Charge charge : decision.leases()) {
            Duration time = charge.limit().leaseTime();
            shortest = shortest.isZero() || time.compareTo(shortest) < 0 ? time : shortest;
        }
        return shortest;
    }

    private static final class RenewedLease {

        final Duration time;
        final @Nullable BiConsumer<Decision, LeaseState> renewed;
        volatile long renewedNanos = System.nanoTime();
        volatile boolean lost;

        RenewedLease(Duration time, @Nullable BiConsumer<Decision, LeaseState> renewed) {
            this.time = time;
            this.renewed = renewed;
        }

        boolean isLost() {
            return lost || System.nanoTime() - renewedNanos > time.toNanos();
        }
    }
}
