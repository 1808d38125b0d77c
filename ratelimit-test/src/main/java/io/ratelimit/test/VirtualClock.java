package io.ratelimit.test;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/**
 * A clock in nanoseconds that moves only when a test says so.
 *
 * <pre>{@code
 * VirtualClock clock = new VirtualClock();
 * RateLimitStore store = MemoryStore.create(clock, 1000);
 * clock.advance(Duration.ofMillis(100));
 * }</pre>
 *
 * <p>It starts at zero. Thread-safe.
 */
public final class VirtualClock implements LongSupplier {

    private final AtomicLong nanos = new AtomicLong();

    /** Creates a clock that stands at zero. */
    public VirtualClock() {}

    /** {@return nanoseconds since the clock's origin} */
    @Override
    public long getAsLong() {
        return nanos.get();
    }

    /** {@return the time since the clock's origin} */
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
     * @param sinceOrigin the time since the clock's origin; before the present one, it sets a wall clock back
     */
    public void set(Duration sinceOrigin) {
        nanos.set(sinceOrigin.toNanos());
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
