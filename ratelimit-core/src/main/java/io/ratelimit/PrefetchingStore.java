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
 * RateLimitStore store = new FallbackStore(new PrefetchingStore(remote), MemoryStore.create());
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
    private static final int MOST_HANDS = 10_000;
    private static final int LONGEST_KEY = 200;

    private final RateLimitStore remote;
    private final LongSupplier clock;
    private final long looksEvery;
    private final GiveBacks giveBacks;
    private final Alarms alarms = new Alarms();
    private final AtomicBoolean looking = new AtomicBoolean();
    private final AtomicInteger count = new AtomicInteger();
    private final AtomicInteger underWay = new AtomicInteger();
    private final ConcurrentMap<String, ConcurrentMap<String, Hand>> hands = new ConcurrentHashMap<>();
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
        this.giveBacks = new GiveBacks(remote);
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
    public double tokensInHand(String limit) {
        long thousandths = 0;
        ConcurrentMap<String, Hand> ofLimit = hands.get(limit);
        if (ofLimit != null) {
            for (Hand hand : ofLimit.values()) {
                thousandths += hand.left();
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
        Hand hand = find(charge);
        if (hand == null) {
            return null;
        }
        Decision decision = hand.take(charge, maxWait);
        if (decision != null && hand.isLow(0)) {
            refill(hand, 0);
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
        Hand hand = find(charge);
        if (hand == null) {
            open(charge);
            return answer;
        }
        if (!answer.admitted()) {
            Decision late = hand.take(charge, maxWait);
            return late != null ? late : answer;
        }
        if (hand.isLow(charge.cost()) && Tokens.decimal(hand.limit.prefetch()) <= answer.remaining()) {
            refill(hand, charge.cost());
        }
        return answer;
    }

    private @Nullable Hand find(Charge charge) {
        ConcurrentMap<String, Hand> ofLimit = hands.get(charge.limit().name());
        Hand hand = ofLimit == null ? null : ofLimit.get(charge.key());
        if (hand == null || hand.serves(charge.limit())) {
            return hand;
        }
        drop(hand, giveBacks);
        return null;
    }

    private void open(Charge charge) {
        if (closed || charge.key().length() > LONGEST_KEY || count.get() >= MOST_HANDS) {
            return;
        }
        Hand opened = new Hand(charge.limit(), charge.key());
        if (hands.computeIfAbsent(charge.limit().name(), name -> new ConcurrentHashMap<>())
                        .putIfAbsent(opened.key, opened)
                == null) {
            count.incrementAndGet();
            if (looking.compareAndSet(false, true)) {
                alarms.every(looksEvery, this::dropIdle);
            }
        }
    }

    private void drop(Hand hand, @Nullable GiveBacks store) {
        ConcurrentMap<String, Hand> ofLimit = hands.get(hand.limit.name());
        if (ofLimit != null && ofLimit.remove(hand.key, hand)) {
            count.decrementAndGet();
        }
        hand.end(store);
    }

    /** Gives back what no call used since this was called before. */
    synchronized void dropIdle() {
        hands.values()
                .forEach(ofLimit -> ofLimit.values().forEach(hand -> {
                    if (hand.isIdle()) {
                        drop(hand, giveBacks);
                    }
                }));
    }

    /** Asks for what a hand may hold beyond what it has. Nobody waits for the answer. */
    private void refill(Hand hand, long missed) {
        long size = hand.claim(missed, clock.getAsLong());
        if (size == 0) {
            return;
        }
        underWay.incrementAndGet();
        CompletionStage<Decision> answer;
        try {
            answer = remote.decideAsync(List.of(new Charge(hand.limit, hand.key, size)), Duration.ZERO);
        } catch (RuntimeException ex) {
            answer = CompletableFuture.failedFuture(ex);
        }
        answer.whenComplete((decision, failure) -> {
            if (failure != null) {
                hand.pause(clock.getAsLong(), PAUSE_NANOS);
            } else if (!decision.admitted()) {
                long nanos = decision.retryAfter().map(Duration::toNanos).orElse(PAUSE_NANOS);
                hand.pause(clock.getAsLong(), Math.min(nanos, PAUSE_NANOS));
            } else if (!hand.add(decision, size)) {
                Block.giveBack(giveBacks, decision, hand.key, size);
            }
            underWay.decrementAndGet();
        });
    }

    @Override
    public CompletionStage<Void> giveBack(Decision taken, List<Charge> unused) {
        return remote.giveBack(taken, unused);
    }

    @Override
    public CompletionStage<Void> owe(Decision taken, List<Charge> more) {
        return remote.owe(taken, more);
    }

    @Override
    public CompletionStage<List<LeaseState>> renew(List<Decision> decisions) {
        return remote.renew(decisions);
    }

    @Override
    public void whenReady(LongConsumer listener) {
        remote.whenReady(listener);
    }

    /** What is in hand of the bucket is forgotten with it, on this node. */
    @Override
    public void forget(Limit limit, String key) {
        ConcurrentMap<String, Hand> ofLimit = hands.get(limit.name());
        Hand hand = ofLimit == null ? null : ofLimit.get(key);
        if (hand != null) {
            drop(hand, null);
        }
        remote.forget(limit, key);
    }

    /** Gives back what is in hand, as far as the store takes it within half a second, and closes it. */
    @Override
    public void close() {
        long deadline = System.nanoTime() + LAST_WAIT_NANOS;
        closed = true;
        alarms.close();
        hands.values().forEach(ofLimit -> ofLimit.values().forEach(hand -> drop(hand, giveBacks)));
        while (underWay.get() > 0 && System.nanoTime() < deadline) {
            LockSupport.parkNanos(1_000_000);
        }
        giveBacks.await(deadline);
        remote.close();
    }
}
