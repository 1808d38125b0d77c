package io.ratelimit;

import java.math.BigDecimal;
import java.time.Duration;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A named limit: one or more rates that must all admit a call, and what happens when they cannot be asked.
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
    private final @Nullable DecisionCounts counts;
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
        this.algorithms = concurrency != null
                ? List.of(ConcurrencyLeases.of(concurrency))
                : rates.stream()
                        .map(rate -> RateAlgorithm.of(rate, algorithm, refill, calendar, zone))
                        .toList();
        this.cost = validation.cost(builder.cost, capacity(), texts());
        this.longestWait = longestWait(algorithms);
        this.maxWait = requireWait(builder.maxWait);
        this.prefetch = validation.prefetch(builder.prefetch, cost, capacity(), texts());
        this.localShare = validation.localShare(builder.localShare, onStoreFailure);
        this.local = localShare.equals(BigDecimal.ONE) ? this : sharedDown();
        this.nameHash = 31 * name.hashCode();
        this.counts = null;
    }

    private Limit(Limit other, @Nullable DecisionCounts counts) {
        this.name = other.name;
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
        this.local = other.local == other ? this : new Limit(other.local, counts);
        this.nameHash = other.nameHash;
        this.validation = other.validation;
        this.counts = counts;
    }

    /**
     * A limit with smooth refill.
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
     * Starts a limit.
     *
     * @param name 1 to 64 letters, digits, dots, dashes and underscores
     * @return a builder, to which at least one rate must be given
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

    /** Returns the counts of the registry that this limit is defined in; null if it keeps none. No part of the value. */
    @Nullable DecisionCounts counts() {
        return counts;
    }

    /** Returns an equal limit whose decisions are counted in {@code other}, or not at all if that is null. */
    Limit withCounts(@Nullable DecisionCounts other) {
        return counts == other ? this : new Limit(this, other);
    }

    /** {@return the rates, all of which must admit a call; empty if calls are counted while they run} */
    public List<Rate> rates() {
        return rates;
    }

    /** {@return the cap on calls that run at the same time; empty for limits of rates} */
    public Optional<ConcurrencyCap> concurrency() {
        return Optional.ofNullable(concurrency);
    }

    /** {@return how the rates count} */
    public Algorithm algorithm() {
        return algorithm;
    }

    /** {@return how the tokens of a token bucket come back} */
    public Refill refill() {
        return refill;
    }

    /** {@return whose windows fixed windows are; empty for those of the period from the epoch} */
    public Optional<CalendarPeriod> calendar() {
        return Optional.ofNullable(calendar);
    }

    /** {@return the zone of a calendar's windows} */
    public ZoneId zone() {
        return zone;
    }

    /** {@return what a call costs that names no cost, in thousandths of a token} */
    public long cost() {
        return cost;
    }

    /** {@return whether calls hold what they take until they end, as they do with {@link Algorithm#CONCURRENCY}} */
    public boolean isLeased() {
        return concurrency != null;
    }

    /** {@return how long a call may wait for its tokens that names no wait; zero for not at all} */
    public Duration maxWait() {
        return maxWait;
    }

    /** {@return what is answered while the store cannot be asked} */
    public StoreFailurePolicy onStoreFailure() {
        return onStoreFailure;
    }

    /** {@return which share of the limit this node's memory grants while the store cannot be asked; above 0, at most 1} */
    public BigDecimal localShare() {
        return localShare;
    }

    /**
     * {@return how many tokens of a key a node takes from a remote store ahead of the calls that use them, in thousandths of
     * a token; 0 for none} Each node widens the bound by so much.
     */
    public long prefetch() {
        return prefetch;
    }

    /**
     * Returns the share of this limit that one node grants by itself while the remote store is unavailable, for stores. With a
     * {@link #localShare()} of 0.25 the local limit of {@code 100/s burst 200} is {@code 25/s burst 50}.
     *
     * @return a limit of the same name; this limit if the local share is 1
     */
    public Limit local() {
        return local;
    }

    /** {@return the arithmetic of each rate, in the order of {@link #rates()}, or of the cap on concurrent calls} */
    public List<RateAlgorithm> algorithms() {
        return algorithms;
    }

    /** Rates that never refuse what another rate admits, each with such a stricter one. */
    Map<Rate, Rate> idleRates() {
        Map<Rate, Rate> idle = new LinkedHashMap<>();
        for (int i = 0; i < rates.size(); i++) {
            for (int j = 0; j < rates.size(); j++) {
                if (i != j && algorithms.get(i).isRedundantBeside(algorithms.get(j))) {
                    idle.putIfAbsent(rates.get(i), rates.get(j));
                }
            }
        }
        return idle;
    }

    /** {@return the largest cost that could ever be admitted, in thousandths of a token} */
    public long capacity() {
        long least = Tokens.MOST_THOUSANDTHS;
        for (RateAlgorithm rate : algorithms) {
            least = Math.min(least, rate.capacityThousandths());
        }
        return least;
    }

    /**
     * {@return whether a call can wait for the tokens of this limit: all algorithms but the sliding-window-counter can}
     */
    public boolean canWait() {
        return !longestWait.isZero();
    }

    /**
     * Checks that a wait can be counted exactly, and promised by the algorithm.
     *
     * @param wait zero or more
     * @return the wait
     * @throws InvalidLimitException if it is negative or too long, or the algorithm cannot wait, saying what can
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
     * Returns whether a bucket has the same meaning under this limit and another one, for stores: both have the same rates or
     * the same concurrency cap, and the same algorithm with the same options. Names, costs and waits may differ.
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

    /** The name and the rates: {@code report [100/m, 1000/h burst 200]}, {@code export [2 at once]}. */
    @Override
    public String toString() {
        return name + " " + texts();
    }

    /** {@return each rate, or the cap on concurrent calls, for people: {@code 10/s}, {@code 2 at once}} */
    public List<String> texts() {
        return concurrency != null
                ? List.of(concurrency.toString())
                : rates.stream().map(Rate::toString).toList();
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
         * The rates, all of which must admit a call.
         *
         * @param rates one or more, with different periods
         * @return this builder
         */
        public Builder rates(List<Rate> rates) {
            this.rates = rates;
            return this;
        }

        /**
         * The rates, all of which must admit a call.
         *
         * @param rates one or more texts that {@link Rate#parse(String)} reads
         * @return this builder
         * @throws InvalidLimitException if a text is not a rate
         */
        public Builder rates(String... rates) {
            return rates(Arrays.stream(rates).map(Rate::parse).toList());
        }

        /**
         * How the rates count.
         *
         * @param algorithm the token bucket unless said otherwise
         * @return this builder
         */
        public Builder algorithm(Algorithm algorithm) {
            this.algorithm = algorithm;
            return this;
        }

        /**
         * The windows of fixed windows: {@code Limit.named("report").rates("1000/1d").algorithm(FIXED_WINDOW)
         * .calendar(DAY, ZoneId.of("Europe/Berlin"))} is a thousand from midnight to midnight.
         *
         * @param calendar whose windows; the rate is written with its {@linkplain CalendarPeriod#nominal() nominal}
         *     period
         * @param zone whose midnight
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
         * @param leaseTime after what time a lease expires that is not renewed: 100 ms to 10,000 days, in whole
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
         * How the tokens of a token bucket come back.
         *
         * @param refill smooth unless said otherwise
         * @return this builder
         */
        public Builder refill(Refill refill) {
            this.refill = refill;
            return this;
        }

        /**
         * What a call costs that names no cost.
         *
         * @param cost tokens, one unless said otherwise; zero is free
         * @return this builder
         */
        public Builder cost(BigDecimal cost) {
            this.cost = cost;
            return this;
        }

        /**
         * How long a call may wait for its tokens that names no wait.
         *
         * @param maxWait zero, unless said otherwise, for not at all; at most what the rates can count exactly
         * @return this builder
         */
        public Builder maxWait(Duration maxWait) {
            this.maxWait = maxWait;
            return this;
        }

        /**
         * What is answered while the store cannot be asked.
         *
         * @param policy local unless said otherwise
         * @return this builder
         */
        public Builder onStoreFailure(StoreFailurePolicy policy) {
            this.onStoreFailure = policy;
            return this;
        }

        /**
         * Which share of the limit this node's memory grants while the store cannot be asked: with 0.25,
         * {@code 100/s burst 200} is {@code 25/s burst 50} on each node, so four nodes together grant what the limit
         * says.
         *
         * <p>Tokens, capacity and quotas are rounded down to thousandths, calls at once to whole ones. But a rate
         * brings at least 0.001 tokens a period, and holds at least one call of the limit's own cost, so that such
         * calls are limited and not locked out. A call that costs more than the share holds, and not more than the
         * limit does, is refused as one that no bucket was asked for.
         *
         * @param share above 0, at most 1, with at most six decimal places; 1, unless said otherwise, for all of the
         *     limit
         * @return this builder
         */
        public Builder localShare(BigDecimal share) {
            this.localShare = share;
            return this;
        }

        /**
         * How many tokens of a key a node takes from a remote store ahead of the calls that use them, to answer most
         * calls from its own memory: with 100, a call in a hundred or so has to ask the store. A memory store takes
         * nothing ahead.
         *
         * <p>Each node widens the bound by so much: with {@code 1000/s} and a prefetch of 100, four nodes admit at most
         * 1000 + 400 calls at once. Take a tenth of the burst, and at least what a node's calls use while the store is
         * asked.
         *
         * @param prefetch tokens with at most three decimal places; 0, unless said otherwise, for none; at most what a
         *     call leaves of a full bucket
         * @return this builder
         */
        public Builder prefetch(BigDecimal prefetch) {
            this.prefetch = prefetch;
            return this;
        }

        /**
         * Makes the limit.
         *
         * @return the limit
         * @throws InvalidLimitException if the name is wrong, there is no rate, two rates have the same period, a rate
         *     cannot be counted exactly or by its algorithm, an option is another algorithm's, the cost could never be
         *     admitted, the wait cannot be promised, the local share is none, cannot be counted, or is never asked, or
         *     the prefetch is wrong, or more than a full bucket has to give
         */
        public Limit build() {
            return new Limit(this);
        }
    }
}
