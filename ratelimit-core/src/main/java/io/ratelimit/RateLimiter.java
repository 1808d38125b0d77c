package io.ratelimit;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The limiter of one limit.
 *
 * <pre>{@code
 * RateLimiter limiter = RateLimiter.of("10/s");
 * limiter.tryAcquire("user-42").admitted();     // ten times true, then false
 * limiter.tryAcquire("user-42", 2.5).orThrow(); // RateLimitExceededException
 * limiter.peek("user-42").remaining();          // 0.0
 * }</pre>
 *
 * <p>Thread-safe. A limiter of a registry follows its limit when that is replaced.
 */
public final class RateLimiter {

    private static final int SOURCES = DecisionSource.values().length;

    private final RateLimiterRegistry registry;
    private final String name;
    private final LongAdder[] counts = new LongAdder[2 * SOURCES];
    private volatile @Nullable Limit limit;

    RateLimiter(RateLimiterRegistry registry, Limit limit) {
        this.registry = registry;
        this.name = limit.name();
        this.limit = limit;
        for (int i = 0; i < counts.length; i++) {
            counts[i] = new LongAdder();
        }
    }

    /**
     * A limiter on its own, in memory, whose limit is named {@code default}.
     *
     * @param rates one or more texts that {@link Rate#parse(String)} reads
     * @return the limiter
     * @throws InvalidLimitException if a rate is wrong
     */
    public static RateLimiter of(String... rates) {
        return RateLimiterRegistry.inMemory().define(Limit.of("default", rates));
    }

    /** {@return the name of the limit} */
    public String name() {
        return name;
    }

    /**
     * The limit as it is configured now.
     *
     * @return the limit
     * @throws UnknownLimitException if it was removed
     */
    public Limit limit() {
        Limit current = limit;
        if (current == null) {
            throw registry.unknown(name);
        }
        return current;
    }

    /** {@return the limit as it is configured now, or nothing if it was removed} */
    public Optional<Limit> current() {
        return Optional.ofNullable(limit);
    }

    void limit(@Nullable Limit replacement) {
        limit = replacement;
    }

    /**
     * Takes the limit's cost from the one bucket that all callers without a key share.
     *
     * @return the decision
     */
    public Decision tryAcquire() {
        Limit current = limit();
        return registry.decide(this, new Charge(current, Charge.SHARED, current.cost()));
    }

    /**
     * Takes the limit's cost, one token unless configured otherwise, from a key's bucket.
     *
     * @param key whose bucket: a user, a tenant, an address; any text that is not blank
     * @return the decision
     * @throws EmptyKeyException if the key is null or blank
     */
    public Decision tryAcquire(@Nullable String key) {
        Limit current = limit();
        return registry.decide(this, new Charge(current, checked(key), current.cost()));
    }

    /**
     * Takes so many tokens from a key's bucket, or none.
     *
     * @param key whose bucket: any text that is not blank
     * @param cost tokens, rounded up to a thousandth; zero is free, above the capacity is never admitted
     * @return the decision
     * @throws EmptyKeyException if the key is null or blank
     * @throws IllegalArgumentException if the cost is negative, NaN or infinite; nothing is taken
     */
    public Decision tryAcquire(@Nullable String key, double cost) {
        return registry.decide(this, charge(key, cost));
    }

    /**
     * {@link #tryAcquire(String)} without blocking the caller while a remote store is asked.
     *
     * @param key whose bucket: any text that is not blank
     * @return the decision
     * @throws EmptyKeyException if the key is null or blank
     */
    public CompletionStage<Decision> tryAcquireAsync(@Nullable String key) {
        Limit current = limit();
        return registry.decideAsync(this, new Charge(current, checked(key), current.cost()));
    }

    /**
     * {@link #tryAcquire(String, double)} without blocking the caller while a remote store is asked.
     *
     * @param key whose bucket: any text that is not blank
     * @param cost tokens, rounded up to a thousandth
     * @return the decision
     * @throws EmptyKeyException if the key is null or blank
     * @throws IllegalArgumentException if the cost is negative, NaN or infinite; nothing is taken
     */
    public CompletionStage<Decision> tryAcquireAsync(@Nullable String key, double cost) {
        return registry.decideAsync(this, charge(key, cost));
    }

    /**
     * Takes the limit's cost from a key's bucket, and blocks until it fits, at most the limit's own wait.
     *
     * <pre>{@code
     * RateLimiter limiter = registry.define(
     *         Limit.named("export").rates("10/s").maxWait(Duration.ofSeconds(2)).build());
     * limiter.acquire("user-42").orThrow(); // ten at once, then one each 100 ms; the 31st in a moment is refused at once
     * }</pre>
     *
     * @param key whose bucket: any text that is not blank
     * @return the decision, once the call may go on, or is refused
     * @throws EmptyKeyException if the key is null or blank
     * @throws java.util.concurrent.CancellationException if the thread was interrupted, which it then still is, or the
     *     registry closed; the tokens were given back
     */
    public Decision acquire(@Nullable String key) {
        Limit current = limit();
        return registry.acquire(this, List.of(new Charge(current, checked(key), current.cost())), current.maxWait());
    }

    /**
     * Takes so many tokens from a key's bucket, or none, and blocks until they fit, at most so long.
     *
     * @param key whose bucket: any text that is not blank
     * @param cost tokens, rounded up to a thousandth
     * @param maxWait zero or more; a call that would have to wait longer is refused at once, and nothing is taken
     * @return the decision, once the call may go on, or is refused
     * @throws EmptyKeyException if the key is null or blank
     * @throws IllegalArgumentException if the cost is negative, NaN or infinite, or the wait is negative, longer than can be
     *     counted, or no wait can be promised; nothing is taken
     * @throws java.util.concurrent.CancellationException if the thread was interrupted, which it then still is, or the
     *     registry closed; the tokens were given back
     */
    public Decision acquire(@Nullable String key, double cost, Duration maxWait) {
        return registry.acquire(this, List.of(charge(key, cost)), maxWait);
    }

    /**
     * {@link #acquire(String)} without blocking the caller.
     *
     * @param key whose bucket: any text that is not blank
     * @return completes once the call may go on, or is refused; cancelling it before that gives the tokens back
     * @throws EmptyKeyException if the key is null or blank
     */
    public CompletableFuture<Decision> acquireAsync(@Nullable String key) {
        Limit current = limit();
        return registry.acquireAsync(
                this, List.of(new Charge(current, checked(key), current.cost())), current.maxWait());
    }

    /**
     * {@link #acquire(String, double, Duration)} without blocking the caller.
     *
     * @param key whose bucket: any text that is not blank
     * @param cost tokens, rounded up to a thousandth
     * @param maxWait zero or more
     * @return completes once the call may go on, or is refused; cancelling it before that gives the tokens back
     * @throws EmptyKeyException if the key is null or blank
     * @throws IllegalArgumentException if the cost is negative, NaN or infinite, or the wait is negative, longer than can be
     *     counted, or no wait can be promised; nothing is taken
     */
    public CompletableFuture<Decision> acquireAsync(@Nullable String key, double cost, Duration maxWait) {
        return registry.acquireAsync(this, List.of(charge(key, cost)), maxWait);
    }

    /**
     * Takes the limit's cost for as long as a call runs, and blocks until it fits, at most the limit's own wait.
     *
     * <pre>{@code
     * RateLimiter exports = registry.define(Limit.named("export").maxConcurrent(2, Duration.ofSeconds(30)).build());
     * try (Permit permit = exports.hold("user-42")) {
     *     rows.forEach(out::write); // the third at once throws
     * }
     * }</pre>
     *
     * @param key whose calls: any text that is not blank
     * @return what the call holds until it is closed; of a limit that is not {@linkplain Limit#isLeased() leased}, nothing
     * @throws EmptyKeyException if the key is null or blank
     * @throws RateLimitExceededException if the cost is refused, also after a wait
     * @throws java.util.concurrent.CancellationException if the thread was interrupted, which it then still is, or the
     *     registry closed
     */
    public Permit hold(@Nullable String key) {
        return new Permit(registry, acquire(key).orThrow());
    }

    /**
     * {@link #hold} without blocking the caller.
     *
     * @param key whose calls: any text that is not blank
     * @return what the call holds, or a {@link RateLimitExceededException}; cancelling it before gives the tokens back
     * @throws EmptyKeyException if the key is null or blank
     */
    public CompletableFuture<Permit> holdAsync(@Nullable String key) {
        return GuardedCall.permit(acquireAsync(key), registry);
    }

    /**
     * Calls something once the limit's cost is taken, waiting at most the limit's own wait.
     *
     * <pre>{@code
     * List<Hit> hits = limiter.call("user-42", () -> index.search("tea"));
     * }</pre>
     *
     * @param key whose bucket: any text that is not blank
     * @param guarded what to call
     * @param <T> what it returns
     * @return what it returns
     * @throws EmptyKeyException if the key is null or blank
     * @throws RateLimitExceededException if the cost is refused; it is not called then
     * @throws java.util.concurrent.CancellationException if the thread was interrupted while it waited
     * @throws Exception what it throws
     */
    public <T extends @Nullable Object> T call(@Nullable String key, Callable<T> guarded) throws Exception {
        Decision decision = acquire(key).orThrow();
        try {
            return guarded.call();
        } finally {
            registry.release(decision);
        }
    }

    /**
     * {@link #call} without blocking the caller. What is called begins on the caller's thread if the answer is there at
     * once, else in the common pool.
     *
     * @param key whose bucket: any text that is not blank
     * @param guarded what to call; what it throws fails the future
     * @param <T> what it brings
     * @return what it brings, or a {@link RateLimitExceededException}; cancelling it before the call begins gives the tokens
     *     back, and later cancels what was called if that is a future
     * @throws EmptyKeyException if the key is null or blank
     */
    public <T extends @Nullable Object> CompletableFuture<T> callAsync(
            @Nullable String key, Supplier<? extends CompletionStage<T>> guarded) {
        return GuardedCall.start(acquireAsync(key), guarded, registry);
    }

    /**
     * Makes a decision of this limit cost what its call really used; see {@link RateLimiterRegistry#settle}.
     *
     * <pre>{@code
     * Decision decision = limiter.tryAcquire("acme", 4000).orThrow(); // the most it can cost
     * limiter.settle(decision, model.complete(prompt).tokens());
     * }</pre>
     *
     * @param decision an admitted decision of this limiter, not settled yet
     * @param used tokens, rounded up to a thousandth, zero or more
     * @return completes when it is settled, or with a {@link StoreUnavailableException}
     * @throws IllegalArgumentException if the decision was not admitted, or is not this limiter's alone, or the number is
     *     negative, NaN or infinite
     * @throws IllegalStateException if the decision was settled before
     */
    public CompletionStage<Void> settle(Decision decision, double used) {
        List<Charge> charges = decision.charges();
        if (charges.size() != 1 || !charges.get(0).limit().name().equals(name)) {
            throw new IllegalArgumentException("The decision is not one of limit \"" + name
                    + "\" alone; settle it with RateLimiterRegistry.settle, which takes a charge for each limit");
        }
        Charge taken = charges.get(0);
        return registry.settle(decision, List.of(taken.withCost(Tokens.roundedUp(used))));
    }

    /**
     * Reads a key's bucket and takes nothing; the reading is not counted as a decision.
     *
     * @param key whose bucket: any text that is not blank, or {@link Charge#SHARED}
     * @return an admitted decision of cost 0, with the level of each rate
     */
    public Decision peek(String key) {
        return registry.store().decide(new Charge(limit(), key, 0));
    }

    /**
     * Makes a key's bucket full again.
     *
     * @param key whose bucket: any text that is not blank, or {@link Charge#SHARED}
     */
    public void reset(String key) {
        registry.store().reset(limit(), key);
    }

    /**
     * A charge of this limit, to be decided together with others by {@link RateLimiterRegistry#tryAcquire}.
     *
     * @param key whose bucket: any text that is not blank
     * @param cost tokens, rounded up to a thousandth
     * @return the charge
     * @throws EmptyKeyException if the key is null or blank
     * @throws IllegalArgumentException if the cost is negative, NaN or infinite
     */
    public Charge charge(@Nullable String key, double cost) {
        return new Charge(limit(), checked(key), Tokens.roundedUp(cost));
    }

    /**
     * How many calls this limit has admitted or refused since it was defined. A refused call of several limits counts
     * on those that refused it. Counting costs about as much as a decision in memory, so a registry without listeners does
     * not.
     *
     * @param admitted which outcome
     * @param source who decided
     * @return calls; 0 if nobody {@linkplain RateLimiterRegistry#RateLimiterRegistry listens}
     */
    public long count(boolean admitted, DecisionSource source) {
        return counter(admitted, source).sum();
    }

    void counted(boolean admitted, DecisionSource source) {
        counter(admitted, source).increment();
    }

    private LongAdder counter(boolean admitted, DecisionSource source) {
        return counts[source.ordinal() + (admitted ? SOURCES : 0)];
    }

    private String checked(@Nullable String key) {
        if (key == null || key.isEmpty() || mayBeSpace(key.charAt(0)) && key.isBlank()) {
            throw new EmptyKeyException(name);
        }
        return key;
    }

    /** True of all white space, which is looked for only then: that takes longer than to see that it cannot be. */
    private static boolean mayBeSpace(char first) {
        return first <= ' ' || first > 0xff;
    }
}
