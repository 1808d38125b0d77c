package io.ratelimit.test;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/**
 * A clock in nanoseconds that moves only when a test says so.
 *
 * <pre>{@code
 * VirtualClock clock = new VirtualClock();
 * RateLimitStore store = InMemoryRateLimitStore.create(clock, 1000);
 * clock.advance(Duration.ofMillis(100));
 * }</pre>
 *
 * <p>It starts at 2023-11-14T22:13:20Z, so that windows of a calendar are real ones. Thread-safe.
 */
public final class VirtualClock implements LongSupplier {

    /** When every clock starts, in nanoseconds since the epoch. */
    public static final long START = 1_700_000_000_000_000_000L;

    private final AtomicLong nanos = new AtomicLong();

    /** Creates a clock that stands at its start. */
    public VirtualClock() {}

    /** {@return nanoseconds since the epoch} */
    @Override
    public long getAsLong() {
        return START + nanos.get();
    }

    /** {@return the time since the clock's start} */
    public Duration now() {
        return Duration.ofNanos(nanos.get());
    }

    /**
     * Moves the clock on.
     *
     * @param step how far, zero or more
     * @throws IllegalArgumentException if the step is negative
     */
    public void advance(Duration step) {
        move(notNegative(step));
    }

    /**
     * Sets the clock back, as an operator or a failover does to a wall clock. A monotonic clock never does this.
     *
     * @param step how far, zero or more
     * @throws IllegalArgumentException if the step is negative
     */
    public void stepBack(Duration step) {
        move(-notNegative(step));
    }

    /**
     * Sets the clock.
     *
     * @param sinceStart the time since the clock's start; before the present one, it sets a wall clock back
     */
    public void set(Duration sinceStart) {
        nanos.set(sinceStart.toNanos());
    }

    private void move(long step) {
        nanos.updateAndGet(now -> Math.addExact(now, step));
    }

    private static long notNegative(Duration step) {
        if (step.isNegative()) {
            throw new IllegalArgumentException("Invalid step " + step + ": negative; use zero or more, or stepBack");
        }
        return step.toNanos();
    }
}
