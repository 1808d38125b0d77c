package io.ratelimit.memory;

import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** The clock of a store, in nanoseconds since its origin. */
final class StoreClock {

    private final @Nullable LongSupplier custom;
    private final long originNanos;

    private StoreClock(@Nullable LongSupplier custom, long originNanos) {
        this.custom = custom;
        this.originNanos = originNanos;
    }

    /** Returns the JVM's monotonic clock, set to the time of day as it is now. */
    static StoreClock monotonic() {
        long sinceEpoch = TimeUnit.MILLISECONDS.toNanos(System.currentTimeMillis());
        return new StoreClock(null, System.nanoTime() - sinceEpoch);
    }

    /** Returns a custom clock. Its time counts from zero, or from its present time if that is negative. */
    static StoreClock of(LongSupplier custom) {
        return new StoreClock(custom, Math.min(0, custom.getAsLong()));
    }

    long nanos() {
        return (custom == null ? System.nanoTime() : custom.getAsLong()) - originNanos;
    }
}
