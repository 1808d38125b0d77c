package io.ratelimit;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/**
 * The leases of the calls that run here, and of those that queue. They are renewed together, at a third of their lease time,
 * until they are given back; a holder whose lease the store no longer knows, or did not renew for a lease time, has lost it.
 */
final class LeaseRenewals {

    private static final int BATCH = 128;
    private static final int RENEWALS = 3;

    private final RateLimitStore store;
    private final TimeoutScheduler scheduler;
    private final PendingRefunds refunds;
    private final Consumer<Decision> lost;
    private final Map<Decision, RenewedLease> leases = new ConcurrentHashMap<>();
    private final Map<Duration, Future<?>> rounds = new HashMap<>();

    /**
     * No leases yet.
     *
     * @param lost hears of a decision whose lease was lost while its call ran
     */
    LeaseRenewals(RateLimitStore store, TimeoutScheduler scheduler, PendingRefunds refunds, Consumer<Decision> lost) {
        this.store = store;
        this.scheduler = scheduler;
        this.refunds = refunds;
        this.lost = lost;
    }

    /** Renews the leases of a call that runs. */
    void hold(Decision decision) {
        keep(decision, this::told);
    }

    /** Renews the leases of a decision until they are dropped, and tells what became of them each time. */
    void keep(Decision decision, BiConsumer<Decision, LeaseState> told) {
        RenewedLease keeping = new RenewedLease(time(decision), told);
        leases.put(decision, keeping);
        synchronized (rounds) {
            rounds.computeIfAbsent(
                    keeping.time,
                    time -> scheduler.scheduleRepeatedly(time.toNanos() / RENEWALS, () -> renewAll(time)));
        }
    }

    /** Renews the leases of a decision no more. */
    void drop(Decision decision) {
        leases.remove(decision);
    }

    boolean isLost(Decision decision) {
        RenewedLease keeping = leases.get(decision);
        return keeping != null && keeping.isLost();
    }

    /** Gives the leases of a decision back; nothing, if it holds none any more. */
    CompletionStage<Void> release(Decision decision) {
        RenewedLease keeping = decision.isLeased() ? leases.remove(decision) : null;
        return keeping == null ? CompletableFuture.completedFuture(null) : refunds.refund(decision, decision.leases());
    }

    /** Asks what became of the leases of some decisions, and tells it. */
    void renew(List<Decision> decisions) {
        for (int i = 0; i < decisions.size(); i += BATCH) {
            renewBatch(decisions.subList(i, Math.min(decisions.size(), i + BATCH)));
        }
    }

    private void renewAll(Duration time) {
        List<Decision> all = new ArrayList<>();
        synchronized (rounds) {
            leases.forEach((decision, keeping) -> {
                if (keeping.time.equals(time)) {
                    all.add(decision);
                }
            });
            Future<?> round = all.isEmpty() ? rounds.remove(time) : null;
            if (round != null) {
                round.cancel(false);
            }
        }
        renew(all);
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
                renewed(batch.get(i), failure == null ? states.get(i) : LeaseState.UNKNOWN, sent);
            }
        });
    }

    /** What nobody could tell for a lease time is lost. */
    private void renewed(Decision decision, LeaseState state, long sent) {
        RenewedLease keeping = leases.get(decision);
        if (keeping == null) {
            return;
        }
        if (state.compareTo(LeaseState.UNKNOWN) < 0) {
            keeping.renewedNanos = sent;
        }
        keeping.told.accept(decision, keeping.isLost() ? LeaseState.LOST : state);
    }

    private void told(Decision decision, LeaseState state) {
        RenewedLease keeping = leases.get(decision);
        if (state == LeaseState.LOST && keeping != null && !keeping.lost) {
            keeping.lost = true;
            lost.accept(decision);
        }
    }

    private static Duration time(Decision decision) {
        return decision.leases().stream()
                .flatMap(charge -> charge.limit().concurrency().stream())
                .map(ConcurrencyCap::leaseTime)
                .min(Comparator.naturalOrder())
                .orElse(Duration.ZERO);
    }

    private static final class RenewedLease {

        final Duration time;
        final BiConsumer<Decision, LeaseState> told;
        volatile long renewedNanos = System.nanoTime();
        volatile boolean lost;

        RenewedLease(Duration time, BiConsumer<Decision, LeaseState> told) {
            this.time = time;
            this.told = told;
        }

        boolean isLost() {
            return lost || System.nanoTime() - renewedNanos > time.toNanos();
        }
    }
}
