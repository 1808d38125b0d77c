package io.ratelimit.test;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/**
 * A clock in nanoseconds that moves only when a test moves it.
 *
 * <pre>{@code
 * VirtualClock clock = new VirtualClock();
 * RateLimitStore store = InMemoryRateLimitStore.create(clock, 1000);
 * clock.advance(Duration.ofMillis(100));
 * }</pre>
 *
 * <p>It starts at 2023-11-14T22:13:20Z, so that calendar windows have realistic bounds. Thread-safe.
 */
public final class VirtualClock implements LongSupplier {

    /** The time at which every clock starts, in nanoseconds since the epoch. */
    public static final long START = 1_700_000_000_000_000_000L;

    private final AtomicLong nanos = new AtomicLong();

    /** Creates a clock that reads {@link #START}. */
    public VirtualClock() {}

    /** {@return nanoseconds since the epoch} */
    @Override
    public long getAsLong() {
        return START + nanos.get();
    }

    /** {@return the time since {@link #START}} */
    public Duration now() {
        return Duration.ofNanos(nanos.get());
    }

    /**
     * Moves the clock forward.
     *
     * @param step zero or more
     * @throws IllegalArgumentException if the step is negative
     */
    public void advance(Duration step) {
        move(notNegative(step));
    }

    /**
     * Sets the clock back, as an operator or a failover does to a wall clock. A monotonic clock never steps back.
     *
     * @param step zero or more
     * @throws IllegalArgumentException if the step is negative
     */
    public void stepBack(Duration step) {
        move(-notNegative(step));
    }

    /**
     * Sets the clock.
     *
     * @param sinceStart the time since {@link #START}; less than {@link #now()} sets the clock back
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
