package io.ratelimit;

import io.ratelimit.algorithm.Tokens;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Limits calls by one {@link Limit}. Each key has a bucket of its own.
 *
 * <pre>{@code
 * RateLimiter limiter = InMemoryRateLimitStore.newLimiter("10/s");
 * limiter.tryAcquire("user-42").admitted();     // ten times true, then false
 * limiter.tryAcquire("user-42", 2.5).orThrow(); // RateLimitExceededException
 * limiter.peek("user-42").remaining();          // 0.0
 * }</pre>
 *
 * <h2>Keys, costs and waits</h2>
 *
 * <p>A key names a user, a tenant, an address: any text that is not blank. A null or blank key fails with an
 * {@link EmptyKeyException}, because otherwise all callers without a key would share one bucket; {@link #tryAcquire()}
 * uses such a shared bucket on purpose.
 *
 * <p>A cost is a number of tokens, rounded up to a thousandth. Methods without a cost use {@link Limit#cost()}. A cost
 * of zero is always admitted; a cost above the capacity of the limit never is. A cost that is negative, NaN or infinite
 * fails with an {@link IllegalArgumentException}, and nothing is consumed.
 *
 * <p>{@code tryAcquire} never waits. {@code acquire}, {@code hold} and {@code call} wait at most
 * {@link Limit#maxWait()}, or the wait that they are given, as {@link RateLimiterRegistry} describes.
 *
 * <p>Thread-safe. When its limit is replaced, a limiter uses the new one. After the limit was removed from its
 * registry, every method that needs it throws an {@link UnknownLimitException}. A limiter of an undefined limit, which
 * {@link RateLimiterRegistry#get} returns under {@link UnknownLimitPolicy#UNLIMITED}, admits every call until the limit
 * is defined.
 */
public final class RateLimiter {

    private final DecisionEngine engine;
    private final String name;
    private final LimitDefinition definition;
    private final Map<String, RateLimiter> defined;
    private final @Nullable UndefinedLimits undefined;
    private volatile @Nullable Limit limit;

    /**
     * Creates the limiter of a defined limit.
     *
     * @param definition what the versions of its limit share
     * @param defined the limiters of all limits of the registry, as a live view
     */
    RateLimiter(DecisionEngine engine, Limit limit, LimitDefinition definition, Map<String, RateLimiter> defined) {
        this.engine = engine;
        this.name = limit.name();
        this.definition = definition;
        this.defined = defined;
        this.undefined = null;
        this.limit = limit.definedBy(definition);
    }

    /**
     * Creates the limiter of a limit that is not defined. It admits every call until the limit is defined.
     *
     * @param defined the limiters of all limits of the registry, as a live view
     */
    RateLimiter(DecisionEngine engine, String name, Map<String, RateLimiter> defined, UndefinedLimits undefined) {
        this.engine = engine;
        this.name = name;
        this.definition = new LimitDefinition(null);
        this.defined = defined;
        this.undefined = undefined;
        this.limit = null;
    }

    /** {@return the name of the limit} */
    public String name() {
        return name;
    }

    /**
     * Returns the limit as it is configured now.
     *
     * @return the limit
     * @throws UnknownLimitException if it was removed, or is not defined
     */
    public Limit limit() {
        Limit current = limit;
        return current != null ? current : current().orElseThrow(this::unknown);
    }

    /** {@return whether the limit is defined now; a removed one is not} */
    public boolean isDefined() {
        return limit != null || current().isPresent();
    }

    /** {@return the limit as it is configured now, or empty if it was removed or is not defined} */
    public Optional<Limit> current() {
        Limit current = limit;
        if (current == null && undefined != null) {
            RateLimiter later = defined.get(name);
            return later == null ? Optional.empty() : later.current();
        }
        return Optional.ofNullable(current);
    }

    /** Returns the limit to charge: the current one or, if undefined limits are unlimited, one that admits all. */
    private Limit charged() {
        Limit current = limit;
        return current != null ? current : current().orElseGet(this::unlimited);
    }

    private Limit unlimited() {
        if (undefined == null) {
            throw unknown();
        }
        undefined.warnOf(name);
        return UndefinedLimits.named(name);
    }

    private UnknownLimitException unknown() {
        return new UnknownLimitException(name, defined.keySet());
    }

    void replace(Limit replacement) {
        limit = replacement.definedBy(definition);
    }

    /** Removes the limit and returns it. */
    Limit remove() {
        Limit last = limit();
        limit = null;
        definition.remove();
        return last;
    }

    /**
     * Acquires the limit's cost from the one bucket that all callers without a key share.
     *
     * @return the decision
     */
    public Decision tryAcquire() {
        Limit current = charged();
        return engine.decide(new Charge(current, Charge.SHARED, current.cost()));
    }

    /**
     * Acquires the limit's cost without waiting.
     *
     * @param key the key of the bucket
     * @return the decision
     * @throws EmptyKeyException if the key is null or blank
     */
    public Decision tryAcquire(@Nullable String key) {
        return engine.decide(charge(key));
    }

    /**
     * Acquires some tokens without waiting.
     *
     * @param key the key of the bucket
     * @param cost tokens, zero or more
     * @return the decision
     * @throws EmptyKeyException if the key is null or blank
     */
    public Decision tryAcquire(@Nullable String key, double cost) {
        return engine.decide(charge(key, cost));
    }

    /**
     * The same as {@link #tryAcquire(String)}, without blocking the caller while a remote store decides.
     *
     * @param key the key of the bucket
     * @return the decision
     * @throws EmptyKeyException if the key is null or blank
     */
    public CompletionStage<Decision> tryAcquireAsync(@Nullable String key) {
        return engine.decideAsync(List.of(charge(key)));
    }

    /**
     * The same as {@link #tryAcquire(String, double)}, without blocking the caller while a remote store decides.
     *
     * @param key the key of the bucket
     * @param cost tokens, zero or more
     * @return the decision
     * @throws EmptyKeyException if the key is null or blank
     */
    public CompletionStage<Decision> tryAcquireAsync(@Nullable String key, double cost) {
        return engine.decideAsync(List.of(charge(key, cost)));
    }

    /**
     * Acquires the limit's cost, and blocks until it fits.
     *
     * <pre>{@code
     * RateLimiter limiter = registry.define(
     *         Limit.named("export").rates("10/s").maxWait(Duration.ofSeconds(2)).build());
     * limiter.acquire("user-42").orThrow(); // ten at once, then one each 100 ms; the 31st is rejected at once
     * }</pre>
     *
     * @param key the key of the bucket
     * @return the decision, after the wait
     * @throws EmptyKeyException if the key is null or blank
     */
    public Decision acquire(@Nullable String key) {
        Charge charge = charge(key);
        return engine.acquire(charge, charge.limit().maxWait());
    }

    /**
     * Acquires some tokens, and blocks until they fit.
     *
     * @param key the key of the bucket
     * @param cost tokens, zero or more
     * @param maxWait zero or more
     * @return the decision, after the wait
     * @throws EmptyKeyException if the key is null or blank
     * @throws IllegalArgumentException if the wait is negative, or longer than the limit can count, or the limit cannot
     *     wait because of its algorithm
     */
    public Decision acquire(@Nullable String key, double cost, Duration maxWait) {
        return engine.acquire(charge(key, cost), maxWait);
    }

    /**
     * The same as {@link #acquire(String)}, without blocking the caller.
     *
     * @param key the key of the bucket
     * @return the decision, after the wait; cancelling it before that refunds the tokens
     * @throws EmptyKeyException if the key is null or blank
     */
    public CompletableFuture<Decision> acquireAsync(@Nullable String key) {
        Charge charge = charge(key);
        return engine.acquireAsync(List.of(charge), charge.limit().maxWait());
    }

    /**
     * The same as {@link #acquire(String, double, Duration)}, without blocking the caller.
     *
     * @param key the key of the bucket
     * @param cost tokens, zero or more
     * @param maxWait zero or more
     * @return the decision, after the wait; cancelling it before that refunds the tokens
     * @throws EmptyKeyException if the key is null or blank
     */
    public CompletableFuture<Decision> acquireAsync(@Nullable String key, double cost, Duration maxWait) {
        return engine.acquireAsync(List.of(charge(key, cost)), maxWait);
    }

    /**
     * Acquires the limit's cost like {@link #acquire(String)}, and holds the lease until the permit is closed.
     *
     * <pre>{@code
     * RateLimiter exports = registry.define(Limit.named("export").maxConcurrent(2, Duration.ofSeconds(30)).build());
     * try (Permit permit = exports.hold("user-42")) {
     *     rows.forEach(out::write); // a third call at the same time is rejected
     * }
     * }</pre>
     *
     * @param key the key of the bucket
     * @return the permit, with no lease if the limit is not {@linkplain Limit#isLeased() leased}
     * @throws EmptyKeyException if the key is null or blank
     * @throws RateLimitExceededException if the call is rejected, at once or after a wait
     */
    public Permit hold(@Nullable String key) {
        return new Permit(engine, acquire(key).orThrow());
    }

    /**
     * The same as {@link #hold}, without blocking the caller.
     *
     * @param key the key of the bucket
     * @return the permit, or a {@link RateLimitExceededException}; cancelling it before that refunds the tokens
     * @throws EmptyKeyException if the key is null or blank
     */
    public CompletableFuture<Permit> holdAsync(@Nullable String key) {
        return GuardedCall.permit(acquireAsync(key), engine);
    }

    /**
     * Runs a task after acquiring the limit's cost.
     *
     * <pre>{@code
     * List<Hit> hits = limiter.call("user-42", () -> index.search("tea"));
     * }</pre>
     *
     * @param key the key of the bucket
     * @param task not run if the call is rejected
     * @param <T> the type of the result
     * @return the result of the task
     * @throws EmptyKeyException if the key is null or blank
     * @throws RateLimitExceededException if the call is rejected
     * @throws Exception if the task throws it
     */
    public <T extends @Nullable Object> T call(@Nullable String key, Callable<T> task) throws Exception {
        return GuardedCall.run(acquire(key), task, engine);
    }

    /**
     * The same as {@link #call}, without blocking the caller; see {@link RateLimiterRegistry#callAsync}.
     *
     * @param key the key of the bucket
     * @param task what it throws completes the future
     * @param <T> the type of the result
     * @return the result of the task, or a {@link RateLimitExceededException}
     * @throws EmptyKeyException if the key is null or blank
     */
    public <T extends @Nullable Object> CompletableFuture<T> callAsync(
            @Nullable String key, Supplier<? extends CompletionStage<T>> task) {
        return GuardedCall.start(acquireAsync(key), task, engine);
    }

    /**
     * Corrects the charge of a decision to what its call really used; see {@link RateLimiterRegistry#settle}.
     *
     * <pre>{@code
     * Decision decision = limiter.tryAcquire("acme", 4000).orThrow(); // the most it can cost
     * limiter.settle(decision, model.complete(prompt).tokens());      // with 1200 used, refunds 2800
     * }</pre>
     *
     * @param decision an admitted decision of this limiter that is not settled yet
     * @param used tokens, zero or more
     * @return completes when the store has applied the correction, or with a {@link StoreUnavailableException}
     * @throws IllegalArgumentException if the decision was rejected, or is not one of this limit alone
     * @throws IllegalStateException if the decision was settled before
     */
    public CompletionStage<Void> settle(Decision decision, double used) {
        List<Charge> charges = decision.charges();
        if (charges.size() != 1 || !charges.get(0).limit().name().equals(name)) {
            throw new IllegalArgumentException("The decision is not one of limit \"" + name
                    + "\" alone; settle it with RateLimiterRegistry.settle, which takes a charge for each limit");
        }
        return engine.settle(decision, List.of(charges.get(0).withCost(Tokens.roundedUp(used))));
    }

    /**
     * Reads a key's bucket. Consumes nothing; the decision is neither counted nor reported to listeners.
     *
     * @param key the key of the bucket, or {@link Charge#SHARED}
     * @return an admitted decision of cost 0, with the status of each rate
     */
    public Decision peek(String key) {
        return engine.store().decide(new Charge(charged(), key, 0));
    }

    /**
     * Resets a key: its bucket is full again, and calls that hold a lease of it have lost it.
     *
     * @param key the key of the bucket, or {@link Charge#SHARED}
     */
    public void reset(String key) {
        engine.store().reset(charged(), key);
    }

    /**
     * Creates a charge of this limit, to be acquired together with others by {@link RateLimiterRegistry#tryAcquire}.
     *
     * @param key the key of the bucket
     * @param cost tokens, zero or more
     * @return the charge
     * @throws EmptyKeyException if the key is null or blank
     */
    public Charge charge(@Nullable String key, double cost) {
        return new Charge(charged(), requireKey(key), Tokens.roundedUp(cost));
    }

    private Charge charge(@Nullable String key) {
        Limit current = charged();
        return new Charge(current, requireKey(key), current.cost());
    }

    /**
     * Returns how many calls this limit has admitted or rejected since it was defined. A rejected call of several
     * limits counts on those that rejected it.
     *
     * @param admitted true for admitted calls, false for rejected ones
     * @param source where they were decided
     * @return the number of calls; always 0 if the registry
     *     {@linkplain RateLimiterRegistry#RateLimiterRegistry(RateLimitStore, List, boolean) does not count}
     */
    public long count(boolean admitted, DecisionSource source) {
        DecisionCounts counts = undefined == null
                ? definition.counts()
                : current().map(Limit::counts).orElse(null);
        return counts == null ? 0 : counts.count(admitted, source);
    }

    private String requireKey(@Nullable String key) {
        if (key == null || key.isEmpty() || mayBeSpace(key.charAt(0)) && key.isBlank()) {
            throw new EmptyKeyException(name);
        }
        return key;
    }

    /**
     * Returns false for most characters that are not white space, so that {@code isBlank} need not run for their keys.
     */
    private static boolean mayBeSpace(char first) {
        return first <= ' ' || first > 0xff;
    }
}
