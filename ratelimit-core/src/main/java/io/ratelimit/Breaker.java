package io.ratelimit;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Says whether a store is worth asking. It is not after five straight failures, each of which may have cost its caller a
 * deadline, until it answers again: then it is asked in the background, four times a second, for what the last call was about.
 */
final class Breaker implements AutoCloseable {

    static final int STRAIGHT_FAILURES = 5;

    private static final long BETWEEN_PROBES_NANOS = 250_000_000;

    private final RateLimitStore store;
    private final Alarms alarms = new Alarms();
    private final AtomicInteger failures = new AtomicInteger();
    private final AtomicBoolean probing = new AtomicBoolean();

    Breaker(RateLimitStore store) {
        this.store = store;
    }

    /** Whether callers had better not ask. */
    boolean isOpen() {
        return failures.get() >= STRAIGHT_FAILURES;
    }

    void answered() {
        if (failures.get() != 0) {
            failures.set(0);
        }
    }

    /** Counts a failure. */
    void failed(List<Charge> charges) {
        failures.incrementAndGet();
        probeIfOpen(charges.stream().map(charge -> charge.of(0)).toList());
    }

    @Override
    public void close() {
        alarms.close();
    }

    private void probeIfOpen(List<Charge> reading) {
        if (isOpen() && probing.compareAndSet(false, true)) {
            alarms.in(BETWEEN_PROBES_NANOS, () -> probe(reading));
        }
    }

    private void probe(List<Charge> reading) {
        ask(reading).whenComplete((decision, failure) -> {
            probing.set(false);
            if (failure == null) {
                answered();
            }
            probeIfOpen(reading);
        });
    }

    private CompletionStage<Decision> ask(List<Charge> reading) {
        try {
            return store.decideAsync(reading, Duration.ZERO);
        } catch (RuntimeException ex) {
            return CompletableFuture.failedFuture(ex);
        }
    }
}
