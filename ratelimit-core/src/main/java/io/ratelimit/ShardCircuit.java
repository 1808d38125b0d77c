package io.ratelimit;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/**
 * A shard of a store that has not answered. It is asked in the background, four times a second, for what a call that failed
 * was about, until it answers a call or a probe; after five straight failures it is asked in no other way.
 */
final class ShardCircuit {

    static final int STRAIGHT_FAILURES = 5;

    private static final long BETWEEN_PROBES_NANOS = 250_000_000;

    private final RateLimitStore store;
    private final TimeoutScheduler scheduler;
    private final Consumer<ShardCircuit> recovered;
    private final AtomicInteger failures = new AtomicInteger();
    private final AtomicBoolean probing = new AtomicBoolean();
    private volatile boolean ended;

    /**
     * A shard that has not failed yet.
     *
     * @param recovered told when it answers a probe
     */
    ShardCircuit(RateLimitStore store, TimeoutScheduler scheduler, Consumer<ShardCircuit> recovered) {
        this.store = store;
        this.scheduler = scheduler;
        this.recovered = recovered;
    }

    boolean isOpen() {
        return failures.get() >= STRAIGHT_FAILURES;
    }

    /** Counts a failure that was this shard's. */
    void failed(List<Charge> charges) {
        failures.incrementAndGet();
        probe(charges, BETWEEN_PROBES_NANOS);
    }

    /** Asks at once whether a failure was this shard's. */
    void suspect(List<Charge> charges) {
        probe(charges, isOpen() ? BETWEEN_PROBES_NANOS : 0);
    }

    /** Asks no more: it answered a call. */
    void end() {
        ended = true;
    }

    private void probe(List<Charge> charges, long afterNanos) {
        if (!ended && probing.compareAndSet(false, true)) {
            List<Charge> reading =
                    charges.stream().map(charge -> charge.withCost(0)).toList();
            try {
                scheduler.schedule(afterNanos, () -> ask(reading));
            } catch (RuntimeException | Error ex) {
                probing.set(false);
                throw ex;
            }
        }
    }

    private void ask(List<Charge> reading) {
        if (ended) {
            return;
        }
        answer(reading).whenComplete((decision, failure) -> {
            probing.set(false);
            if (failure == null) {
                recovered.accept(this);
            } else {
                failed(reading);
            }
        });
    }

    private CompletionStage<Decision> answer(List<Charge> reading) {
        try {
            return store.decideAsync(reading, Duration.ZERO);
        } catch (RuntimeException | Error ex) {
            return CompletableFuture.failedFuture(ex);
        }
    }
}
