package io.ratelimit.benchmarks;

import io.ratelimit.Limit;
import java.math.BigDecimal;
import java.time.Duration;

/**
 * How much a benchmark's limit gives.
 *
 * <p>Limiters with a capacity of their own have the one named here, so that their buckets are neither empty nor full. The
 * others have the highest rate that they can count where calls are admitted, and one call a day where they are refused.
 */
public enum BenchmarkLimit {
    /** One key is never refused and never full: ten billion tokens, a million more each second. */
    PLENTY(10_000_000_000L, 1_000_000, Duration.ofSeconds(1), true),
    /** None of many keys is refused or full: a hundred million tokens, one more each fifty seconds. */
    PLENTY_EACH(100_000_000, 1, Duration.ofSeconds(50), true),
    /** One token a day, taken before the measurement. */
    EXHAUSTED(1, 1, Duration.ofDays(1), false);

    final long capacity;
    final long refill;
    final Duration period;
    final boolean admits;

    BenchmarkLimit(long capacity, long refill, Duration period, boolean admits) {
        this.capacity = capacity;
        this.refill = refill;
        this.period = period;
        this.admits = admits;
    }

    Limit toLimit() {
        return toLimit(0);
    }

    Limit toLimit(long prefetch) {
        return Limit.named("benchmark")
                .rates(rate())
                .prefetch(BigDecimal.valueOf(prefetch))
                .build();
    }

    String rate() {
        return refill + "/" + period + " burst " + capacity;
    }

    /** The answer of a call, which must be the one that is measured. */
    boolean checked(boolean admitted) {
        if (admitted != admits) {
            throw new IllegalStateException(this + " answered " + admitted + "; the measurement is void");
        }
        return admitted;
    }
}
