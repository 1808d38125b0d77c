package io.ratelimit.remote;

import io.ratelimit.Charge;
import io.ratelimit.Decision;
import io.ratelimit.RateLimitStore;
import io.ratelimit.TimeoutScheduler;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/**
 * The circuit of a shard that failed. It is open after five consecutive failures. From the first failure on, the shard
 * is probed in the background, four times a second, until it answers a probe or a call.
 *
 * <p>A probe repeats the charges of a failed call with a cost of zero, which consumes nothing.
 */
final class ShardCircuit {

    static final int CONSECUTIVE_FAILURES = 5;

    private static final long PROBE_INTERVAL_NANOS = 250_000_000;

    private final RateLimitStore store;
    private final TimeoutScheduler scheduler;
    private final Consumer<ShardCircuit> onRecovery;
    private final AtomicInteger failures = new AtomicInteger();
    private final AtomicBoolean probing = new AtomicBoolean();
    private volatile boolean ended;

    /**
     * Creates the circuit of a shard, without a failure yet.
     *
     * @param onRecovery called when the shard answers a probe
     */
    ShardCircuit(RateLimitStore store, TimeoutScheduler scheduler, Consumer<ShardCircuit> onRecovery) {
        this.store = store;
        this.scheduler = scheduler;
        this.onRecovery = onRecovery;
    }

    boolean isOpen() {
        return failures.get() >= CONSECUTIVE_FAILURES;
    }

    /** Counts a failure of this shard. */
    void failed(List<Charge> charges) {
        failures.incrementAndGet();
        probe(charges, PROBE_INTERVAL_NANOS);
    }

    /** Probes this shard at once, to find out whether this shard made a call over several shards fail. */
    void suspect(List<Charge> charges) {
        probe(charges, isOpen() ? PROBE_INTERVAL_NANOS : 0);
    }

    /** Stops probing. */
    void end() {
        ended = true;
    }

    private void probe(List<Charge> charges, long delayNanos) {
        if (!ended && probing.compareAndSet(false, true)) {
            List<Charge> free = charges.stream()
                    .map(charge -> new Charge(charge.limit(), charge.key(), 0, charge.lease()))
                    .toList();
            try {
                scheduler.schedule(delayNanos, () -> runProbe(free));
            } catch (RuntimeException | Error ex) {
                probing.set(false);
                throw ex;
            }
        }
    }

    private void runProbe(List<Charge> free) {
        if (ended) {
            return;
        }
        decide(free).whenComplete((decision, failure) -> {
            probing.set(false);
            if (failure == null) {
                onRecovery.accept(this);
            } else {
                failed(free);
            }
        });
    }

    private CompletionStage<Decision> decide(List<Charge> free) {
        try {
            return store.decideAsync(free, Duration.ZERO);
        } catch (RuntimeException | Error ex) {
            return CompletableFuture.failedFuture(ex);
        }
    }
}
