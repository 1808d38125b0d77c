package io.ratelimit.remote;

import io.ratelimit.Charge;
import io.ratelimit.Decision;
import io.ratelimit.DecisionSource;
import io.ratelimit.ForwardingRateLimitStore;
import io.ratelimit.Limit;
import io.ratelimit.PendingRefunds;
import io.ratelimit.RateLimitStore;
import io.ratelimit.TimeoutScheduler;
import io.ratelimit.algorithm.Tokens;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A store that answers calls from prefetched tokens, for limits that have a {@link Limit#prefetch()}.
 *
 * <p><b>The bound.</b> The tokens that the remote store grants keep the bound of the algorithm exactly. A call that is
 * answered here spends tokens that were granted earlier. For each key, a node holds or has requested at most as many of
 * them as the limit's prefetch. So n nodes together admit at most n times the prefetch more in any interval:
 * {@code C + R·T/P + n · prefetch} for a token bucket.
 *
 * <p>Only calls of one limit without a lease are answered here, if the prefetched tokens cover their whole cost. All
 * other calls go on to the next store; no call waits for tokens that were requested. Prefetching starts with the second
 * call of a key within a second or two. Tokens that no call used for a second are refunded within the next one.
 */
final class PrefetchingStore extends ForwardingRateLimitStore {

    private static final long PAUSE_NANOS = 1_000_000_000;
    private static final long CLOSE_TIMEOUT_NANOS = 500_000_000;
    private static final int MAX_PREFETCHED_KEYS = 10_000;
    private static final int MAX_KEY_LENGTH = 200;

    private final RateLimitStore source;
    private final LongSupplier clock;
    private final long idleCheckNanos;
    private final PendingRefunds refunds;
    private final TimeoutScheduler scheduler = new TimeoutScheduler();
    private final AtomicBoolean idleCheckStarted = new AtomicBoolean();
    private final AtomicInteger keys = new AtomicInteger();
    private final AtomicInteger pendingRequests = new AtomicInteger();
    private final ConcurrentMap<String, ConcurrentMap<String, PrefetchedTokens>> prefetchedByLimit =
            new ConcurrentHashMap<>();
    private volatile boolean closed;

    /**
     * Creates a store without prefetched tokens.
     *
     * @param delegate answers the calls that prefetched tokens do not cover
     * @param source grants prefetched tokens and accepts their refunds: the delegate, or the store that it forwards to
     * @param nanoClock nanoseconds since any instant, never decreasing, such as {@link System#nanoTime}
     */
    PrefetchingStore(RateLimitStore delegate, RateLimitStore source, LongSupplier nanoClock) {
        this(delegate, source, nanoClock, PAUSE_NANOS);
    }

    PrefetchingStore(RateLimitStore delegate, RateLimitStore source, LongSupplier nanoClock, long idleCheckNanos) {
        super(delegate);
        this.source = source;
        this.clock = nanoClock;
        this.idleCheckNanos = idleCheckNanos;
        this.refunds = new PendingRefunds(source);
    }

    /**
     * Returns the number of prefetched tokens of a limit that are not used yet, over all keys.
     *
     * @param limit the name of the limit
     */
    double prefetchedTokens(String limit) {
        long thousandths = 0;
        ConcurrentMap<String, PrefetchedTokens> byKey = prefetchedByLimit.get(limit);
        if (byKey != null) {
            for (PrefetchedTokens prefetched : byKey.values()) {
                thousandths += prefetched.left();
            }
        }
        return Tokens.decimal(thousandths);
    }

    @Override
    public Decision decide(Charge charge, Duration maxWait) {
        Decision decision = fromPrefetched(charge, maxWait);
        return decision != null
                ? decision
                : complete(charge, maxWait, delegate().decide(charge, maxWait));
    }

    @Override
    public Decision decide(List<Charge> charges, Duration maxWait) {
        Decision decision = fromPrefetched(charges, maxWait);
        return decision != null
                ? decision
                : complete(charges, maxWait, delegate().decide(charges, maxWait));
    }

    @Override
    public CompletionStage<Decision> decideAsync(List<Charge> charges, Duration maxWait) {
        Decision decision = fromPrefetched(charges, maxWait);
        if (decision != null) {
            return CompletableFuture.completedFuture(decision);
        }
        CompletionStage<Decision> answer = super.decideAsync(charges, maxWait);
        return charges.size() == 1 && isPrefetched(charges.get(0))
                ? answer.thenApply(completed -> complete(charges.get(0), maxWait, completed))
                : answer;
    }

    private static boolean isPrefetched(Charge charge) {
        return charge.limit().prefetch() > 0 && charge.cost() > 0;
    }

    /** Returns the answer from prefetched tokens, or null if they do not cover the call. */
    private @Nullable Decision fromPrefetched(List<Charge> charges, Duration maxWait) {
        return charges.size() == 1 ? fromPrefetched(charges.get(0), maxWait) : null;
    }

    private @Nullable Decision fromPrefetched(Charge charge, Duration maxWait) {
        if (!isPrefetched(charge)) {
            return null;
        }
        PrefetchedTokens prefetched = find(charge);
        if (prefetched == null) {
            return null;
        }
        Decision decision = prefetched.consume(charge, maxWait);
        if (decision != null && prefetched.isLow(0)) {
            refill(prefetched, 0);
        }
        return decision;
    }

    private Decision complete(List<Charge> charges, Duration maxWait, Decision answer) {
        return charges.size() == 1 ? complete(charges.get(0), maxWait, answer) : answer;
    }

    /**
     * Completes an answer of the delegate. An admitted call that found too few prefetched tokens requests more, if the
     * store has enough left; a rejected call tries the prefetched tokens again, as some may have arrived meanwhile.
     */
    private Decision complete(Charge charge, Duration maxWait, Decision answer) {
        if (!isPrefetched(charge) || answer.source() != DecisionSource.STORE) {
            return answer;
        }
        PrefetchedTokens prefetched = find(charge);
        if (prefetched == null) {
            startPrefetch(charge);
            return answer;
        }
        if (!answer.admitted()) {
            Decision retried = prefetched.consume(charge, maxWait);
            return retried != null ? retried : answer;
        }
        if (prefetched.isLow(charge.cost()) && Tokens.decimal(prefetched.limit.prefetch()) <= answer.remaining()) {
            refill(prefetched, charge.cost());
        }
        return answer;
    }

    private @Nullable PrefetchedTokens find(Charge charge) {
        ConcurrentMap<String, PrefetchedTokens> byKey =
                prefetchedByLimit.get(charge.limit().name());
        PrefetchedTokens prefetched = byKey == null ? null : byKey.get(charge.key());
        if (byKey == null || prefetched == null || prefetched.serves(charge.limit())) {
            return prefetched;
        }
        drop(prefetched, byKey, refunds);
        return null;
    }

    private void startPrefetch(Charge charge) {
        if (closed || charge.key().length() > MAX_KEY_LENGTH || keys.get() >= MAX_PREFETCHED_KEYS) {
            return;
        }
        PrefetchedTokens started = new PrefetchedTokens(charge.limit(), charge.key());
        prefetchedByLimit.compute(
                charge.limit().name(), (name, byKey) -> charge.limit().isRemoved() ? byKey : with(started, byKey));
        if (idleCheckStarted.compareAndSet(false, true)) {
            scheduler.scheduleRepeatedly(idleCheckNanos, this::dropIdle);
        }
    }

    private ConcurrentMap<String, PrefetchedTokens> with(
            PrefetchedTokens started, @Nullable ConcurrentMap<String, PrefetchedTokens> byKey) {
        ConcurrentMap<String, PrefetchedTokens> keysOfLimit = byKey == null ? new ConcurrentHashMap<>() : byKey;
        if (keysOfLimit.putIfAbsent(started.key, started) == null) {
            keys.incrementAndGet();
        }
        return keysOfLimit;
    }

    private void drop(
            PrefetchedTokens prefetched, ConcurrentMap<String, PrefetchedTokens> byKey, @Nullable PendingRefunds to) {
        if (byKey.remove(prefetched.key, prefetched)) {
            keys.decrementAndGet();
        }
        prefetched.end(to);
    }

    private void dropAll(ConcurrentMap<String, PrefetchedTokens> byKey) {
        byKey.values().forEach(prefetched -> drop(prefetched, byKey, refunds));
    }

    /** Refunds the tokens of each key that no call used since the last time that this method ran. */
    synchronized void dropIdle() {
        prefetchedByLimit
                .values()
                .forEach(byKey -> byKey.values().forEach(prefetched -> {
                    if (prefetched.isIdle()) {
                        drop(prefetched, byKey, refunds);
                    }
                }));
    }

    /** Requests tokens up to the limit's prefetch, in the background. */
    private void refill(PrefetchedTokens prefetched, long missing) {
        long size = prefetched.beginRefill(missing, clock.getAsLong());
        if (size == 0) {
            return;
        }
        pendingRequests.incrementAndGet();
        CompletionStage<Decision> answer;
        try {
            answer = source.decideAsync(List.of(new Charge(prefetched.limit, prefetched.key, size)), Duration.ZERO);
        } catch (RuntimeException ex) {
            answer = CompletableFuture.failedFuture(ex);
        }
        answer.whenComplete((decision, failure) -> {
            if (failure != null) {
                prefetched.pause(clock.getAsLong(), PAUSE_NANOS);
            } else if (!decision.admitted()) {
                long nanos = decision.retryAfter().map(Duration::toNanos).orElse(PAUSE_NANOS);
                prefetched.pause(clock.getAsLong(), Math.min(nanos, PAUSE_NANOS));
            } else if (!prefetched.add(decision, size)) {
                PrefetchedChunk.refund(refunds, decision, prefetched.key, size);
            }
            pendingRequests.decrementAndGet();
        });
    }

    /** Drops the prefetched tokens of the key without a refund, because the bucket is full after the reset. */
    @Override
    public void reset(Limit limit, String key) {
        ConcurrentMap<String, PrefetchedTokens> byKey = prefetchedByLimit.get(limit.name());
        PrefetchedTokens prefetched = byKey == null ? null : byKey.get(key);
        if (byKey != null && prefetched != null) {
            drop(prefetched, byKey, null);
        }
        super.reset(limit, key);
    }

    /** Refunds the prefetched tokens of the limit, because other nodes may use its buckets still. */
    @Override
    public void limitRemoved(Limit limit) {
        List<ConcurrentMap<String, PrefetchedTokens>> removed = new ArrayList<>(1);
        // Not remove, which does not make a later first call see that the limit was removed.
        prefetchedByLimit.compute(limit.name(), (name, byKey) -> {
            if (byKey != null) {
                removed.add(byKey);
            }
            return null;
        });
        removed.forEach(this::dropAll);
        super.limitRemoved(limit);
    }

    /** Refunds all prefetched tokens before the delegate is closed; waits for it at most half a second. */
    @Override
    public void close() {
        long deadline = System.nanoTime() + CLOSE_TIMEOUT_NANOS;
        closed = true;
        scheduler.close();
        prefetchedByLimit.values().forEach(this::dropAll);
        while (pendingRequests.get() > 0 && System.nanoTime() < deadline) {
            LockSupport.parkNanos(1_000_000);
        }
        refunds.await(deadline);
        super.close();
    }
}
