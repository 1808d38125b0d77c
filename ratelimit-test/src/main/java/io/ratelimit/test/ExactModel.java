package io.ratelimit.test;

import io.ratelimit.Charge;
import io.ratelimit.Limit;
import io.ratelimit.Rate;
import io.ratelimit.Refill;
import io.ratelimit.Tokens;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Token buckets as one writes them on paper: a level and the instant it was counted at, in integers of any size.
 *
 * <p>Of a rate of R thousandths each P ticks, a thousandth is P parts, and a tick brings R of them. It shares no
 * arithmetic with the stores.
 *
 * <p>Only what is taken is written, with one exception: a bucket that is short of tokens on a clock that was set back for
 * good, or under a configuration that brings tokens sooner than the one it was charged under, is rewritten by the refusal,
 * or it would not refill, or at its old rate.
 */
final class ExactModel {

    /** What a store must say of one rate. */
    record Figures(boolean admitted, double remaining, Optional<Duration> retryAfter, Duration resetAfter) {}

    /** What a store must answer. */
    record Answer(boolean admitted, List<Figures> figures) {}

    private final VirtualClock clock;
    private final Map<String, Map<String, List<Bucket>>> buckets = new HashMap<>();

    ExactModel(VirtualClock clock) {
        this.clock = clock;
    }

    Answer decide(List<Charge> charges) {
        List<List<Bucket>> seen = new ArrayList<>();
        boolean admitted = true;
        for (Charge charge : charges) {
            List<Bucket> rates = load(charge.limit(), charge.key());
            admitted &= rates.stream().allMatch(rate -> rate.admits(charge.cost()));
            seen.add(rates);
        }
        List<Figures> figures = new ArrayList<>();
        for (int i = 0; i < charges.size(); i++) {
            Charge charge = charges.get(i);
            for (Bucket rate : seen.get(i)) {
                boolean enough = rate.admits(charge.cost());
                Optional<Duration> retryAfter = enough ? Optional.of(Duration.ZERO) : rate.retryAfter(charge.cost());
                if (admitted) {
                    rate.level = rate.level.subtract(rate.parts(charge.cost()));
                }
                figures.add(new Figures(enough, Tokens.decimal(rate.thousandths()), retryAfter, rate.resetAfter()));
            }
            if (charge.cost() > 0 && (admitted || isRewritten(charge, seen.get(i)))) {
                of(charge.limit()).put(charge.key(), seen.get(i));
            }
        }
        return new Answer(admitted, figures);
    }

    void forget(Limit limit, String key) {
        of(limit).remove(key);
    }

    /** Whether a key's bucket was last charged under other rates than the limit has now. */
    boolean isForeign(Limit limit, String key) {
        List<Bucket> stored = of(limit).get(key);
        return stored != null
                && !(stored.get(0).refill == limit.refill()
                        && stored.stream().map(bucket -> bucket.rate).toList().equals(limit.rates()));
    }

    /** Whether a key's bucket is full under the rates that it was last charged under. */
    boolean isFull(Limit limit, String key) {
        List<Bucket> stored = of(limit).get(key);
        return stored == null
                || stored.stream().allMatch(bucket -> bucket.refilled(clock).isFull());
    }

    /** Whether the charge is refused now and fits one day. */
    boolean isShort(Charge charge) {
        return isShort(load(charge.limit(), charge.key()), charge.cost());
    }

    private static boolean isShort(List<Bucket> rates, long cost) {
        return rates.stream().allMatch(rate -> cost <= rate.capacity)
                && !rates.stream().allMatch(rate -> rate.admits(cost));
    }

    /** Whether a refusal is written: if the charge fits one day, and the day comes sooner so. */
    private boolean isRewritten(Charge charge, List<Bucket> seen) {
        return isShort(seen, charge.cost())
                && (isRedated(charge.limit(), charge.key())
                        || seen.stream().anyMatch(rate -> !rate.admits(charge.cost()) && rate.isFasterThanBefore()));
    }

    private boolean isRedated(Limit limit, String key) {
        return of(limit).getOrDefault(key, List.of()).stream().anyMatch(bucket -> bucket.isSetBackForGood(clock));
    }

    private Map<String, List<Bucket>> of(Limit limit) {
        return buckets.computeIfAbsent(limit.name(), name -> new HashMap<>());
    }

    private List<Bucket> load(Limit limit, String key) {
        List<Bucket> stored = of(limit).get(key);
        if (stored != null && !isForeign(limit, key)) {
            return stored.stream().map(bucket -> bucket.refilled(clock)).toList();
        }
        List<Bucket> before = stored == null
                ? List.of()
                : stored.stream().map(bucket -> bucket.refilled(clock)).toList();
        long mostOut = before.stream()
                .mapToLong(bucket -> bucket.capacity - bucket.thousandths())
                .max()
                .orElse(0);
        List<Bucket> loaded = new ArrayList<>();
        for (Rate rate : limit.rates()) {
            Bucket bucket = new Bucket(rate, limit.refill(), clock);
            bucket.level = bucket.parts(Math.max(0, bucket.capacity - mostOut));
            bucket.before = before.stream()
                    .filter(old -> old.capacity - old.thousandths() == mostOut)
                    .findFirst()
                    .orElse(null);
            before.stream()
                    .filter(old -> old.rate.period().equals(rate.period()))
                    .findFirst()
                    .ifPresent(bucket::adopt);
            loaded.add(bucket);
        }
        return loaded;
    }

    private static final class Bucket {

        final Rate rate;
        final Refill refill;
        final long tickNanos;
        final long period;
        final long tokens;
        final long capacity;
        BigInteger level;
        long time;
        long sinceTime;
        /** The rate of another configuration that this one continues. */
        @Nullable Bucket before;

        Bucket(Rate rate, Refill refill, VirtualClock clock) {
            this.rate = rate;
            this.refill = refill;
            this.tickNanos = rate.period().toNanos() < 60_000_000_000L ? 1_000 : 1_000_000;
            this.period = rate.period().toNanos() / tickNanos;
            this.tokens = rate.tokens().movePointRight(3).longValueExact();
            this.capacity = rate.burst().movePointRight(3).longValueExact();
            this.level = parts(capacity);
            this.time = now(clock);
        }

        private Bucket(Bucket other) {
            this.rate = other.rate;
            this.refill = other.refill;
            this.tickNanos = other.tickNanos;
            this.period = other.period;
            this.tokens = other.tokens;
            this.capacity = other.capacity;
            this.level = other.level;
            this.time = other.time;
        }

        boolean isFull() {
            return level.equals(parts(capacity));
        }

        boolean admits(long cost) {
            return cost <= capacity && level.compareTo(parts(cost)) >= 0;
        }

        long thousandths() {
            return level.divide(BigInteger.valueOf(period)).longValueExact();
        }

        boolean isSetBackForGood(VirtualClock clock) {
            return now(clock) < time - ticksFor(parts(capacity));
        }

        Bucket refilled(VirtualClock clock) {
            Bucket bucket = new Bucket(this);
            long now = now(clock);
            if (isSetBackForGood(clock)) {
                bucket.time = now;
            }
            long ticks = Math.max(0, now - bucket.time);
            long counted = refill == Refill.SMOOTH ? ticks : ticks / period * period;
            bucket.level = level.add(BigInteger.valueOf(counted).multiply(BigInteger.valueOf(tokens)))
                    .min(parts(capacity));
            bucket.time = bucket.isFull() ? Math.max(now, bucket.time) : bucket.time + counted;
            bucket.sinceTime = now - bucket.time;
            return bucket;
        }

        Optional<Duration> retryAfter(long cost) {
            return cost > capacity ? Optional.empty() : Optional.of(waitFor(parts(cost)));
        }

        Duration resetAfter() {
            return waitFor(parts(capacity));
        }

        /** Continues another bucket of the same period, by whole thousandths unless both count in the same units. */
        void adopt(Bucket other) {
            before = other;
            boolean sameUnits = unitsPerThousandth().equals(other.unitsPerThousandth());
            level = (sameUnits ? other.level : parts(other.thousandths())).min(parts(capacity));
            boolean continues = refill == other.refill && !(refill == Refill.INTERVAL && isFull());
            long now = time;
            time = continues ? other.time : Math.max(now, other.time);
            sinceTime = now - time;
        }

        boolean isFasterThanBefore() {
            return before != null
                    && rate.tokens()
                                    .multiply(nanos(before))
                                    .compareTo(before.rate.tokens().multiply(nanos(this)))
                            > 0;
        }

        private static BigDecimal nanos(Bucket bucket) {
            return BigDecimal.valueOf(bucket.rate.period().toNanos());
        }

        BigInteger parts(long thousandths) {
            return BigInteger.valueOf(thousandths).multiply(BigInteger.valueOf(period));
        }

        private BigInteger unitsPerThousandth() {
            BigInteger ticks = BigInteger.valueOf(period);
            return refill == Refill.INTERVAL ? BigInteger.ONE : ticks.divide(ticks.gcd(BigInteger.valueOf(tokens)));
        }

        private Duration waitFor(BigInteger wanted) {
            BigInteger missing = wanted.subtract(level);
            if (missing.signum() <= 0) {
                return Duration.ZERO;
            }
            long ticks = ticksFor(missing) - (refill == Refill.INTERVAL ? sinceTime : 0);
            return Duration.ofNanos(tickNanos).multipliedBy(ticks);
        }

        /** How long it takes for so many parts to come back, in whole ticks or whole periods. */
        private long ticksFor(BigInteger parts) {
            BigInteger step = BigInteger.valueOf(tokens);
            long ticks = 1;
            if (refill == Refill.INTERVAL) {
                step = step.multiply(BigInteger.valueOf(period));
                ticks = period;
            }
            return parts.add(step).subtract(BigInteger.ONE).divide(step).longValueExact() * ticks;
        }

        private long now(VirtualClock clock) {
            return Math.floorDiv(clock.getAsLong(), tickNanos);
        }
    }
}
