package io.ratelimit;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Tokens that were taken ahead in one decision of the store, on top of what was left of the decision before.
 *
 * <p>The oldest are spent first. Who spends some of both is told the older instant, so that a refund is void at the store
 * no later than it would be for any token of it.
 */
final class PrefetchedChunk {

    /** What is left once the tokens are in the next block. */
    static final long MOVED = -2;

    /** What is left once the hand is gone. */
    static final long GONE = -1;

    private static final VarHandle LEFT;

    static {
        try {
            LEFT = MethodHandles.lookup().findVarHandle(PrefetchedChunk.class, "left", long.class);
        } catch (ReflectiveOperationException ex) {
            throw new ExceptionInInitializerError(ex);
        }
    }

    private final Decision taken;
    private final Decision older;
    private final long size;
    private final Observations observations;
    private final Observations olderObservations;
    private final @Nullable TokenBucket singleBucket;
    private volatile long left;

    /** A block on top of what is left of the one before. */
    private PrefetchedChunk(Limit limit, Decision taken, Decision older, long size, long left) {
        this.taken = taken;
        this.older = older;
        this.size = size;
        this.observations = taken.observations();
        this.olderObservations = older.observations();
        this.singleBucket =
                limit.algorithms().size() == 1 ? limit.algorithms().get(0).asSmoothTokenBucket() : null;
        this.left = left;
    }

    /** Nothing, which is never told of. */
    static PrefetchedChunk empty(Limit limit) {
        Decision none = Decision.withoutStore(List.of(), true, DecisionSource.STORE);
        return new PrefetchedChunk(limit, none, none, 0, 0);
    }

    /** What was taken next, on top of so much of this block. */
    PrefetchedChunk followedBy(Decision next, long nextSize, long rest) {
        Limit limit = next.charges().get(0).limit();
        Decision oldest = rest == 0 ? next : rest <= size ? taken : older;
        return new PrefetchedChunk(limit, next, oldest, nextSize, rest + nextSize);
    }

    /** Thousandths that are left, or {@link #GONE} or {@link #MOVED}. */
    long left() {
        return left;
    }

    boolean take(long before, long cost) {
        return LEFT.compareAndSet(this, before, before - cost);
    }

    boolean move(long before) {
        return LEFT.compareAndSet(this, before, MOVED);
    }

    boolean end(long before) {
        return LEFT.compareAndSet(this, before, GONE);
    }

    /** The answer to a charge that was taken when so much was left: what the store held then and what is in the hand, less the cost. */
    Decision decision(Charge charge, Duration maxWait, long before) {
        long spent = size - before;
        TokenBucket bucket = singleBucket;
        if (bucket != null) {
            long level = bucket.levelAfter(observations, 0, spent);
            long tick = (spent < 0 ? olderObservations : observations).instant(0);
            return Decision.ofLevel(charge, maxWait, true, level, tick * bucket.tickNanos());
        }
        List<RateAlgorithm> rates = charge.limit().algorithms();
        Observations told = observations.copyOf(0, rates.size());
        for (int i = 0; i < rates.size(); i++) {
            rates.get(i).spend(told, i, olderObservations, spent);
        }
        return Decision.of(List.of(charge), maxWait, true, told);
    }

    /** Gives back what was left, each part as of the decision that took it. */
    void refund(PendingRefunds store, String key, long rest) {
        refund(store, taken, key, Math.min(rest, size));
        refund(store, older, key, rest - size);
    }

    static void refund(PendingRefunds store, Decision taken, String key, long amount) {
        if (amount > 0) {
            Limit limit = taken.charges().get(0).limit();
            store.refund(taken, List.of(new Charge(limit, key, amount)));
        }
    }
}
