package io.ratelimit;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A remote store whose tokens are taken ahead, where a limit has a {@link Limit#prefetch()}: a call is then answered from this
 * node's memory, and the store is asked for the next tokens meanwhile.
 *
 * <pre>{@code
 * Limit search = Limit.named("search").rates("1000/s").prefetch(BigDecimal.valueOf(100)).build();
 * RateLimitStore store = new FallbackStore(new PrefetchingStore(remote), InMemoryRateLimitStore.create());
 * }</pre>
 *
 * <p><b>The bound.</b> What the store gave is exact: in any interval at most what the algorithm grants. A call that is answered here
 * spends what the store gave before, of which a node holds, or is being sent, at most the limit's prefetch of each key.
 * So n nodes together admit at most that much more: {@code C + R·T/P + n · prefetch} for a token bucket.
 *
 * <p>Calls of one limit without a lease are answered here, if all of their cost is there. Everybody else asks the store for
 * what they cost themselves, and nobody waits for tokens that are under way. The second call of a key within a second or two
 * begins to take ahead; tokens that no call used for a second go back to the store within the next.
 */
public final class PrefetchingStore implements RateLimitStore {

    private static final long PAUSE_NANOS = 1_000_000_000;
    private static final long LAST_WAIT_NANOS = 500_000_000;
    private static final int MAX_PREFETCHED_KEYS = 10_000;
    private static final int LONGEST_KEY = 200;

    private final RateLimitStore remote;
    private final LongSupplier clock;
    private final long looksEvery;
    private final PendingRefunds refunds;
    private final TimeoutScheduler scheduler = new TimeoutScheduler();
    private final AtomicBoolean looking = new AtomicBoolean();
    private final AtomicInteger count = new AtomicInteger();
    private final AtomicInteger underWay = new AtomicInteger();
    private final ConcurrentMap<String, ConcurrentMap<String, PrefetchedTokens>> prefetchedByLimit =
            new ConcurrentHashMap<>();
    private volatile boolean closed;

    /**
     * Takes ahead from a store.
     *
     * @param remote whose tokens; closed with this one
     */
    public PrefetchingStore(RateLimitStore remote) {
        this(remote, System::nanoTime);
    }

    /**
     * Takes ahead from a store, with a clock of its own for how long it leaves a key alone that the store refused it.
     *
     * @param remote whose tokens; closed with this one
     * @param nanoClock nanoseconds since any instant, never running back, such as {@link System#nanoTime}
     */
    public PrefetchingStore(RateLimitStore remote, LongSupplier nanoClock) {
        this(remote, nanoClock, PAUSE_NANOS);
    }

    PrefetchingStore(RateLimitStore remote, LongSupplier nanoClock, long looksEvery) {
        this.remote = remote;
        this.clock = nanoClock;
        this.looksEvery = looksEvery;
        this.refunds = new PendingRefunds(remote);
    }

    @Override
    public String name() {
        return remote.name();
    }

    @Override
    public Object shard(Charge charge) {
        return remote.shard(charge);
    }

    /**
     * What this node has in hand of a limit.
     *
     * @param limit the limit's name
     * @return tokens of all keys together that were taken from the store and not used yet
     */
    public double prefetchedTokens(String limit) {
        long thousandths = 0;
        ConcurrentMap<String, PrefetchedTokens> ofLimit = prefetchedByLimit.get(limit);
        if (ofLimit != null) {
            for (PrefetchedTokens prefetched : ofLimit.values()) {
                thousandths += prefetched.left();
            }
        }
        return Tokens.decimal(thousandths);
    }

    @Override
    public Decision decide(Charge charge) {
        Decision ahead = ahead(charge, Duration.ZERO);
        return ahead != null ? ahead : answered(charge, Duration.ZERO, remote.decide(charge));
    }

    @Override
    public Decision decide(List<Charge> charges, Duration maxWait) {
        Decision ahead = ahead(charges, maxWait);
        return ahead != null ? ahead : answered(charges, maxWait, remote.decide(charges, maxWait));
    }

    @Override
    public CompletionStage<Decision> decideAsync(List<Charge> charges, Duration maxWait) {
        Decision ahead = ahead(charges, maxWait);
        if (ahead != null) {
            return CompletableFuture.completedFuture(ahead);
        }
        CompletionStage<Decision> answer = remote.decideAsync(charges, maxWait);
        return charges.size() == 1 && isTakenAhead(charges.get(0))
                ? answer.thenApply(decision -> answered(charges.get(0), maxWait, decision))
                : answer;
    }

    private static boolean isTakenAhead(Charge charge) {
        return charge.limit().prefetch() > 0 && charge.cost() > 0;
    }

    /** The answer from what is in hand, or nothing if the store has to be asked. */
    @Nullable Decision ahead(List<Charge> charges, Duration maxWait) {
        return charges.size() == 1 ? ahead(charges.get(0), maxWait) : null;
    }

    @Nullable Decision ahead(Charge charge, Duration maxWait) {
        if (!isTakenAhead(charge)) {
            return null;
        }
        PrefetchedTokens prefetched = find(charge);
        if (prefetched == null) {
            return null;
        }
        Decision decision = prefetched.take(charge, maxWait);
        if (decision != null && prefetched.isLow(0)) {
            refill(prefetched, 0);
        }
        return decision;
    }

    private Decision answered(List<Charge> charges, Duration maxWait, Decision answer) {
        return charges.size() == 1 ? answered(charges.get(0), maxWait, answer) : answer;
    }

    /** Goes on from an answer of the store: more is asked for only if it fits, and a refusal looks into the hand once more. */
    private Decision answered(Charge charge, Duration maxWait, Decision answer) {
        if (!isTakenAhead(charge)) {
            return answer;
        }
        PrefetchedTokens prefetched = find(charge);
        if (prefetched == null) {
            open(charge);
            return answer;
        }
        if (!answer.admitted()) {
            Decision late = prefetched.take(charge, maxWait);
            return late != null ? late : answer;
        }
        if (prefetched.isLow(charge.cost()) && Tokens.decimal(prefetched.limit.prefetch()) <= answer.remaining()) {
            refill(prefetched, charge.cost());
        }
        return answer;
    }

    private @Nullable PrefetchedTokens find(Charge charge) {
        ConcurrentMap<String, PrefetchedTokens> ofLimit =
                prefetchedByLimit.get(charge.limit().name());
        PrefetchedTokens prefetched = ofLimit == null ? null : ofLimit.get(charge.key());
        if (prefetched == null || prefetched.serves(charge.limit())) {
            return prefetched;
        }
        drop(prefetched, refunds);
        return null;
    }

    private void open(Charge charge) {
        if (closed || charge.key().length() > LONGEST_KEY || count.get() >= MAX_PREFETCHED_KEYS) {
            return;
        }
        PrefetchedTokens opened = new PrefetchedTokens(charge.limit(), charge.key());
        if (prefetchedByLimit
                        .computeIfAbsent(charge.limit().name(), name -> new ConcurrentHashMap<>())
                        .putIfAbsent(opened.key, opened)
                == null) {
            count.incrementAndGet();
            if (looking.compareAndSet(false, true)) {
                scheduler.scheduleRepeatedly(looksEvery, this::dropIdle);
            }
        }
    }

    private void drop(PrefetchedTokens prefetched, @Nullable PendingRefunds store) {
        ConcurrentMap<String, PrefetchedTokens> ofLimit = prefetchedByLimit.get(prefetched.limit.name());
        if (ofLimit != null && ofLimit.remove(prefetched.key, prefetched)) {
            count.decrementAndGet();
        }
        prefetched.end(store);
    }

    /** Gives back what no call used since this was called before. */
    synchronized void dropIdle() {
        prefetchedByLimit
                .values()
                .forEach(ofLimit -> ofLimit.values().forEach(prefetched -> {
                    if (prefetched.isIdle()) {
                        drop(prefetched, refunds);
                    }
                }));
    }

    /** Asks for what a hand may hold beyond what it has. Nobody waits for the answer. */
    private void refill(PrefetchedTokens prefetched, long missed) {
        long size = prefetched.beginRefill(missed, clock.getAsLong());
        if (size == 0) {
            return;
        }
        underWay.incrementAndGet();
        CompletionStage<Decision> answer;
        try {
            answer = remote.decideAsync(List.of(new Charge(prefetched.limit, prefetched.key, size)), Duration.ZERO);
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
            underWay.decrementAndGet();
        });
    }

    @Override
    public CompletionStage<Void> refund(Decision taken, List<Charge> unused) {
        return remote.refund(taken, unused);
    }

    @Override
    public CompletionStage<Void> debit(Decision taken, List<Charge> more) {
        return remote.debit(taken, more);
    }

    @Override
    public CompletionStage<List<LeaseState>> renew(List<Decision> decisions) {
        return remote.renew(decisions);
    }

    @Override
    public void onLeaseReady(LongConsumer listener) {
        remote.onLeaseReady(listener);
    }

    /** What is in hand of the bucket is forgotten with it, on this node. */
    @Override
    public void reset(Limit limit, String key) {
        ConcurrentMap<String, PrefetchedTokens> ofLimit = prefetchedByLimit.get(limit.name());
        PrefetchedTokens prefetched = ofLimit == null ? null : ofLimit.get(key);
        if (prefetched != null) {
            drop(prefetched, null);
        }
        remote.reset(limit, key);
    }

    /** Gives back what is in hand, as far as the store takes it within half a second, and closes it. */
    @Override
    public void close() {
        long deadline = System.nanoTime() + LAST_WAIT_NANOS;
        closed = true;
        scheduler.close();
        prefetchedByLimit
                .values()
                .forEach(ofLimit -> ofLimit.values().forEach(prefetched -> drop(prefetched, refunds)));
        while (underWay.get() > 0 && System.nanoTime() < deadline) {
            LockSupport.parkNanos(1_000_000);
        }
        refunds.await(deadline);
        remote.close();
    }
}
