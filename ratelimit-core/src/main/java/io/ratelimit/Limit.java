package io.ratelimit;

import io.ratelimit.algorithm.Algorithm;
import io.ratelimit.algorithm.CalendarPeriod;
import io.ratelimit.algorithm.ConcurrencyCap;
import io.ratelimit.algorithm.ConcurrencyLeases;
import io.ratelimit.algorithm.InvalidLimitException;
import io.ratelimit.algorithm.Rate;
import io.ratelimit.algorithm.RateAlgorithm;
import io.ratelimit.algorithm.Refill;
import io.ratelimit.algorithm.Tokens;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A named limit: one or more rates that must all admit a call, or a cap on concurrent calls, with the options of its
 * calls.
 *
 * <pre>{@code
 * Limit search = Limit.of("search", "10/s");
 * Limit report = Limit.named("report").rates("100/1m", "1000/1h burst 200").refill(Refill.INTERVAL).build();
 * }</pre>
 *
 * <p>Immutable; two limits with the same parts are equal.
 */
public final class Limit {

    private static final long LONGEST_WAIT_NANOS = 1L << 61;

    private final String name;
    private final List<Rate> rates;
    private final @Nullable ConcurrencyCap concurrency;
    private final Algorithm algorithm;
    private final Refill refill;
    private final @Nullable CalendarPeriod calendar;
    private final ZoneId zone;
    private final long cost;
    private final Duration maxWait;
    private final StoreFailurePolicy onStoreFailure;
    private final BigDecimal localShare;
    private final long prefetch;
    private final List<RateAlgorithm> algorithms;
    private final Duration longestWait;
    private final Limit local;
    private final int nameHash;
    private final @Nullable LimitDefinition definition;
    private final LimitValidation validation;

    private Limit(Builder builder) {
        this.name = builder.name;
        this.rates = List.copyOf(builder.rates);
        this.algorithm = builder.algorithm;
        this.refill = builder.refill;
        this.calendar = builder.calendar;
        this.zone = builder.zone;
        this.onStoreFailure = builder.onStoreFailure;
        this.concurrency = builder.concurrency;
        this.validation = LimitValidation.of(name, algorithm);
        validation.requireRates(rates, concurrency);
        validation.requireOwnOptions(refill, calendar);
        this.algorithms = concurrency != null ? List.of(ConcurrencyLeases.of(concurrency)) : algorithmOfEachRate();
        this.cost = validation.cost(builder.cost, capacity(), ratesOrCap());
        this.longestWait = longestWait(algorithms);
        this.maxWait = requireWait(builder.maxWait);
        this.prefetch = validation.prefetch(builder.prefetch, cost, capacity(), ratesOrCap());
        this.localShare = validation.localShare(builder.localShare, onStoreFailure);
        this.local = localShare.equals(BigDecimal.ONE) ? this : sharedDown();
        this.nameHash = 31 * name.hashCode();
        this.definition = null;
    }

    private Limit(Limit other, String name, LimitDefinition definition) {
        this.name = name;
        this.rates = other.rates;
        this.concurrency = other.concurrency;
        this.algorithm = other.algorithm;
        this.refill = other.refill;
        this.calendar = other.calendar;
        this.zone = other.zone;
        this.cost = other.cost;
        this.maxWait = other.maxWait;
        this.onStoreFailure = other.onStoreFailure;
        this.localShare = other.localShare;
        this.prefetch = other.prefetch;
        this.algorithms = other.algorithms;
        this.longestWait = other.longestWait;
        this.local = other.local == other ? this : new Limit(other.local, name, definition);
        this.nameHash = 31 * name.hashCode();
        this.validation = other.validation;
        this.definition = definition;
    }

    /**
     * Creates a limit of token buckets with smooth refill.
     *
     * @param name 1 to 64 letters, digits, dots, dashes and underscores
     * @param rates one or more texts that {@link Rate#parse(String)} reads
     * @return the limit
     * @throws InvalidLimitException if the name or a rate is wrong
     */
    public static Limit of(String name, String... rates) {
        return named(name).rates(rates).build();
    }

    /**
     * Starts to build a limit.
     *
     * @param name 1 to 64 letters, digits, dots, dashes and underscores
     * @return a builder that needs at least one rate, or a cap on concurrent calls
     */
    public static Builder named(String name) {
        return new Builder(name);
    }

    /** {@return the name, unique in a registry} */
    public String name() {
        return name;
    }

    /** {@return a hash code of the name alone, for stores: equal for all configurations of a limit} */
    public int nameHash() {
        return nameHash;
    }

    /**
     * Returns the counts of the registry that this limit is defined in; null if it keeps none. No part of the value.
     */
    @Nullable DecisionCounts counts() {
        return definition == null ? null : definition.counts();
    }

    /**
     * Returns whether the registry that defined this limit has removed it, for stores: a store keeps nothing for a call
     * of a removed limit, which may still be on its way. No part of the value.
     *
     * @return false for a limit that no registry has defined
     */
    public boolean isRemoved() {
        return definition != null && definition.isRemoved();
    }

    /** Returns an equal limit that belongs to a definition of a registry. */
    Limit definedBy(LimitDefinition other) {
        return definedAs(name, other);
    }

    /** Returns a limit of another name, which is not checked, that belongs to a definition of a registry. */
    Limit definedAs(String otherName, LimitDefinition other) {
        return new Limit(this, otherName, other);
    }

    boolean isDefinedBy(LimitDefinition other) {
        return definition == other;
    }

    /** {@return the rates, all of which must admit a call; empty for a cap on concurrent calls} */
    public List<Rate> rates() {
        return rates;
    }

    /** {@return the cap on concurrent calls; empty for a limit of rates} */
    public Optional<ConcurrencyCap> concurrency() {
        return Optional.ofNullable(concurrency);
    }

    /** Returns the lease time of the cap on concurrent calls; zero for a limit of rates. */
    Duration leaseTime() {
        return concurrency == null ? Duration.ZERO : concurrency.leaseTime();
    }

    /** {@return the algorithm by which this limit counts} */
    public Algorithm algorithm() {
        return algorithm;
    }

    /** {@return how a token bucket refills} */
    public Refill refill() {
        return refill;
    }

    /** {@return the calendar of fixed windows; empty for windows of the rate's period since the epoch} */
    public Optional<CalendarPeriod> calendar() {
        return Optional.ofNullable(calendar);
    }

    /** {@return the time zone of the calendar} */
    public ZoneId zone() {
        return zone;
    }

    /** {@return the cost of a call that specifies none, in thousandths of a token} */
    public long cost() {
        return cost;
    }

    /** {@return whether calls hold leases until they end, as they do with {@link Algorithm#CONCURRENCY}} */
    public boolean isLeased() {
        return concurrency != null;
    }

    /** {@return the longest wait of a call that specifies none; zero for not waiting} */
    public Duration maxWait() {
        return maxWait;
    }

    /** {@return how calls are decided while the store is unavailable} */
    public StoreFailurePolicy onStoreFailure() {
        return onStoreFailure;
    }

    /**
     * {@return the share of the limit that this node's memory grants while the store is unavailable; above 0, at most
     * 1}
     */
    public BigDecimal localShare() {
        return localShare;
    }

    /**
     * {@return how many tokens of a key a node prefetches from a remote store, in thousandths of a token; 0 for none}
     * The limit's bound grows by this number for each node.
     */
    public long prefetch() {
        return prefetch;
    }

    /**
     * Returns the share of this limit that one node grants by itself while the remote store is unavailable, for stores.
     * With a {@link #localShare()} of 0.25 the local limit of {@code 100/s burst 200} is {@code 25/s burst 50}.
     *
     * @return a limit of the same name; this limit if the local share is 1
     */
    public Limit local() {
        return local;
    }

    /**
     * {@return the algorithm of each rate, in the order of {@link #rates()}, or that of the cap on concurrent calls}
     */
    public List<RateAlgorithm> algorithms() {
        return algorithms;
    }

    /** Returns the rates that never reject a call that another rate admits, each with that other rate. */
    Map<Rate, Rate> redundantRates() {
        Map<Rate, Rate> redundant = new LinkedHashMap<>();
        for (int i = 0; i < rates.size(); i++) {
            for (int j = 0; j < rates.size(); j++) {
                if (i != j && algorithms.get(i).isRedundantBeside(algorithms.get(j))) {
                    redundant.putIfAbsent(rates.get(i), rates.get(j));
                }
            }
        }
        return redundant;
    }

    /** {@return the largest cost that could ever be admitted, in thousandths of a token} */
    public long capacity() {
        long least = Tokens.MOST_THOUSANDTHS;
        for (RateAlgorithm rate : algorithms) {
            least = Math.min(least, rate.capacityThousandths());
        }
        return least;
    }

    /** {@return whether a call can wait for tokens of this limit; only with the sliding-window-counter it cannot} */
    public boolean canWait() {
        return !longestWait.isZero();
    }

    /**
     * Checks that a wait can be counted exactly, and that the algorithm can make a reservation.
     *
     * @param wait zero or more
     * @return the wait
     * @throws InvalidLimitException if it is negative or too long, or if the algorithm makes no reservations
     */
    public Duration requireWait(Duration wait) {
        validation.requireWait(wait, longestWait);
        return wait;
    }

    @Override
    public boolean equals(Object other) {
        return this == other
                || other instanceof Limit that
                        && name.equals(that.name)
                        && countsLike(that)
                        && maxWait.equals(that.maxWait)
                        && cost == that.cost
                        && onStoreFailure == that.onStoreFailure
                        && localShare.equals(that.localShare)
                        && prefetch == that.prefetch;
    }

    /**
     * Returns whether a bucket has the same meaning under this limit and another one, for stores: both have the same
     * rates or the same concurrency cap, and the same algorithm with the same options. Names, costs and waits may
     * differ.
     *
     * @param that the other limit, or another configuration of this one
     * @return whether a store can go on with the state of the other limit unchanged
     */
    public boolean countsLike(Limit that) {
        return rates.equals(that.rates)
                && Objects.equals(concurrency, that.concurrency)
                && algorithm == that.algorithm
                && refill == that.refill
                && calendar == that.calendar
                && zone.equals(that.zone);
    }

    @Override
    public int hashCode() {
        return Objects.hash(name, rates);
    }

    /** Returns the name and the rates: {@code report [100/m, 1000/h burst 200]}, {@code export [2 at once]}. */
    @Override
    public String toString() {
        return name + " " + texts();
    }

    /** {@return each rate, or the cap on concurrent calls, as text for people: {@code 10/s}, {@code 2 at once}} */
    public List<String> texts() {
        return ratesOrCap().stream().map(Object::toString).toList();
    }

    private List<?> ratesOrCap() {
        return concurrency != null ? List.of(concurrency) : rates;
    }

    private Limit sharedDown() {
        BigDecimal tokens = BigDecimal.valueOf(cost, 3);
        Builder builder = named(name).algorithm(algorithm).refill(refill).cost(tokens);
        builder.calendar = calendar;
        builder.zone = zone;
        try {
            if (concurrency != null) {
                builder.concurrency = LocalLimitScaler.cap(concurrency, localShare, tokens);
            }
            return builder.rates(LocalLimitScaler.rates(rates, algorithm, localShare, tokens))
                    .build();
        } catch (InvalidLimitException ex) {
            throw validation.uncountableShare(localShare, ex);
        }
    }

    private List<RateAlgorithm> algorithmOfEachRate() {
        RateAlgorithm[] each = new RateAlgorithm[rates.size()];
        for (int i = 0; i < each.length; i++) {
            each[i] = RateAlgorithm.of(rates.get(i), algorithm, refill, calendar, zone);
        }
        return List.of(each);
    }

    private static Duration longestWait(List<RateAlgorithm> algorithms) {
        long nanos = LONGEST_WAIT_NANOS;
        for (RateAlgorithm rate : algorithms) {
            long ticks = Math.min(rate.longestWait(), LONGEST_WAIT_NANOS / rate.tickNanos());
            nanos = Math.min(nanos, ticks * rate.tickNanos());
        }
        return Duration.ofNanos(nanos);
    }

    /** Collects the parts of a {@link Limit}. */
    public static final class Builder {

        private final String name;
        private List<Rate> rates = List.of();
        private @Nullable ConcurrencyCap concurrency;
        private Algorithm algorithm = Algorithm.TOKEN_BUCKET;
        private Refill refill = Refill.SMOOTH;
        private @Nullable CalendarPeriod calendar;
        private ZoneId zone = ZoneOffset.UTC;
        private BigDecimal cost = BigDecimal.ONE;
        private Duration maxWait = Duration.ZERO;
        private StoreFailurePolicy onStoreFailure = StoreFailurePolicy.LOCAL;
        private BigDecimal localShare = BigDecimal.ONE;
        private BigDecimal prefetch = BigDecimal.ZERO;

        private Builder(String name) {
            this.name = name;
        }

        /**
         * Sets the rates, all of which must admit a call.
         *
         * @param rates one or more, with different periods
         * @return this builder
         */
        public Builder rates(List<Rate> rates) {
            this.rates = rates;
            return this;
        }

        /**
         * Sets the rates, all of which must admit a call.
         *
         * @param rates one or more texts that {@link Rate#parse(String)} reads
         * @return this builder
         * @throws InvalidLimitException if a text is not a rate
         */
        public Builder rates(String... rates) {
            List<Rate> parsed = new ArrayList<>();
            for (String rate : rates) {
                parsed.add(Rate.parse(rate));
            }
            return rates(parsed);
        }

        /**
         * Sets the algorithm by which the rates count.
         *
         * @param algorithm the token bucket by default
         * @return this builder
         */
        public Builder algorithm(Algorithm algorithm) {
            this.algorithm = algorithm;
            return this;
        }

        /**
         * Sets the calendar of fixed windows: {@code Limit.named("report").rates("1000/1d").algorithm(FIXED_WINDOW)
         * .calendar(DAY, ZoneId.of("Europe/Berlin"))} is a thousand from midnight to midnight in Berlin.
         *
         * @param calendar the calendar; the rate is written with its {@linkplain CalendarPeriod#nominal() nominal}
         *     period
         * @param zone the time zone in which the windows begin
         * @return this builder
         */
        public Builder calendar(CalendarPeriod calendar, ZoneId zone) {
            this.calendar = calendar;
            this.zone = zone.normalized();
            return this;
        }

        /**
         * Limits the calls that run at the same time:
         * {@code Limit.named("export").maxConcurrent(2, Duration.ofSeconds(30))}. A call holds a lease until it ends.
         * The lease is renewed while the call runs, and expires if its node dies.
         *
         * @param max how many tokens are held at once, 1 or more
         * @param leaseTime the time after which a lease expires if it is not renewed: 100 ms to 10,000 days, in whole
         *     milliseconds
         * @return this builder
         * @throws InvalidLimitException if the number is not positive, or the lease time is too short, too long or too
         *     fine
         */
        public Builder maxConcurrent(int max, Duration leaseTime) {
            try {
                this.concurrency = new ConcurrencyCap(max, leaseTime);
            } catch (InvalidLimitException ex) {
                throw new InvalidLimitException(name, ex.getOption(), ex.getValue(), ex.getRule(), ex.getFix());
            }
            return algorithm(Algorithm.CONCURRENCY);
        }

        /**
         * Sets how a token bucket refills.
         *
         * @param refill smooth by default
         * @return this builder
         */
        public Builder refill(Refill refill) {
            this.refill = refill;
            return this;
        }

        /**
         * Sets the cost of a call that specifies none.
         *
         * @param cost tokens, one by default; zero is free
         * @return this builder
         */
        public Builder cost(BigDecimal cost) {
            this.cost = cost;
            return this;
        }

        /**
         * Sets the longest wait of a call that specifies none.
         *
         * @param maxWait zero, the default, for not waiting; at most what the rates can count exactly
         * @return this builder
         */
        public Builder maxWait(Duration maxWait) {
            this.maxWait = maxWait;
            return this;
        }

        /**
         * Sets how calls are decided while the store is unavailable.
         *
         * @param policy local by default
         * @return this builder
         */
        public Builder onStoreFailure(StoreFailurePolicy policy) {
            this.onStoreFailure = policy;
            return this;
        }

        /**
         * Sets the share of the limit that this node's memory grants while the store is unavailable. With 0.25,
         * {@code 100/s burst 200} is {@code 25/s burst 50} on each node, so that four nodes together grant the whole
         * limit.
         *
         * <p>Tokens, capacity and quotas are rounded down to thousandths, a cap on concurrent calls to a whole number.
         * A rate refills at least 0.001 tokens a period, and its capacity is at least the limit's own cost, so that
         * calls of that cost are not rejected forever. A call whose cost is above the capacity of the share, but not
         * above that of the limit, is rejected without reading a bucket.
         *
         * @param share above 0, at most 1, with at most six decimal places; 1, the default, for all of the limit
         * @return this builder
         */
        public Builder localShare(BigDecimal share) {
            this.localShare = share;
            return this;
        }

        /**
         * Sets how many tokens of a key a node prefetches from a remote store, to decide most calls in its own memory.
         * With 100, about one call in a hundred is sent to the store. A memory store prefetches nothing.
         *
         * <p>The limit's bound grows by this number for each node: with {@code 1000/s} and a prefetch of 100, four
         * nodes admit at most 1000 + 400 calls at once. Choose a tenth of the burst, and at least the tokens that a
         * node's calls use while the store decides.
         *
         * @param prefetch tokens with at most three decimal places; 0, the default, for none; at most the tokens that a
         *     call of the limit's own cost leaves in a full bucket
         * @return this builder
         */
        public Builder prefetch(BigDecimal prefetch) {
            this.prefetch = prefetch;
            return this;
        }

        /**
         * Builds the limit.
         *
         * @return the limit
         * @throws InvalidLimitException if the name is invalid, there is no rate, two rates have the same period, a
         *     rate cannot be counted exactly or by the algorithm, an option belongs to another algorithm, the cost is
         *     above the capacity, the algorithm cannot make a reservation of the wait, the local share is out of range,
         *     cannot be counted or is not used by the policy, or the prefetch is more than a call leaves in a full
         *     bucket
         */
        public Limit build() {
            return new Limit(this);
        }
    }
}
