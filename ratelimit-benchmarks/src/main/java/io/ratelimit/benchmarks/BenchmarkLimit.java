package io.ratelimit.benchmarks;

import io.ratelimit.Limit;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The capacity and rate of the limit that a benchmark calls.
 *
 * <p>Limiters with a separate capacity use the capacity given here, so that their buckets are neither empty nor full.
 * The others use the highest rate that they support if calls are to be admitted, and one call a day if they are to be
 * rejected.
 */
public enum BenchmarkLimit {
    /** Ten billion tokens and a million more each second: a single key is neither rejected nor full. */
    PLENTY(10_000_000_000L, 1_000_000, Duration.ofSeconds(1), true),
    /** A hundred million tokens and one more each fifty seconds: each of many keys is neither rejected nor full. */
    PLENTY_EACH(100_000_000, 1, Duration.ofSeconds(50), true),
    /** One token a day, which is consumed before the measurement. */
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

    /** Returns limits for one call, with equal rates and buckets of their own. */
    List<Limit> toLimits(int limits) {
        return IntStream.rangeClosed(1, limits)
                .mapToObj(i -> Limit.of("limit-" + i, rate()))
                .toList();
    }

    Limit toLimit(long prefetch) {
        return Limit.named("benchmark")
                .rates(rate())
                .prefetch(BigDecimal.valueOf(prefetch))
                .build();
    }

    String rate() {
        return rate(1);
    }

    /**
     * Returns a rate that is slower than this one by a factor and has a burst that is larger by it, so that each of
     * several such rates matters.
     */
    String rate(int factor) {
        return refill + "/" + period.multipliedBy(factor) + " burst " + capacity * factor;
    }

    /** Returns the result of a call, and fails if it is not the result that the benchmark is about. */
    boolean checked(boolean admitted) {
        if (admitted != admits) {
            throw new IllegalStateException(
                    this + " returned " + admitted + ", so the measurement is invalid; expected " + admits);
        }
        return admitted;
    }
}
