package io.ratelimit.remote;

import io.ratelimit.Charge;
import io.ratelimit.Decision;
import io.ratelimit.DecisionSource;
import io.ratelimit.Limit;
import io.ratelimit.PendingRefunds;
import io.ratelimit.algorithm.Observations;
import io.ratelimit.algorithm.RateAlgorithm;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.time.Duration;
import java.util.List;

/**
 * The tokens that one request was granted, together with those left of the request before.
 *
 * <p>The oldest tokens are used first. A call that uses tokens of both requests reports the grant of the older one. The
 * store ignores a refund that comes too long after the grant, so a refund of such a call may be ignored too early, but
 * never too late.
 */
final class PrefetchedChunk {

    /** The value of {@link #left()} after the tokens moved to the next chunk. */
    static final long MOVED = -2;

    /** The value of {@link #left()} after the tokens were dropped. */
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
    private volatile long left;

    /**
     * Creates a chunk.
     *
     * @param taken the decision that granted the newest tokens
     * @param older the decision that granted the oldest tokens
     * @param size the number of newest tokens, in thousandths
     * @param left the number of all tokens, in thousandths
     */
    private PrefetchedChunk(Decision taken, Decision older, long size, long left) {
        this.taken = taken;
        this.older = older;
        this.size = size;
        this.observations = taken.observations();
        this.olderObservations = older.observations();
        this.left = left;
    }

    /** Creates a chunk without tokens. */
    static PrefetchedChunk empty() {
        Decision none = Decision.withoutStore(List.of(), true, DecisionSource.STORE);
        return new PrefetchedChunk(none, none, 0, 0);
    }

    /** Creates the chunk of the next request, which takes over the tokens left in this one. */
    PrefetchedChunk followedBy(Decision next, long nextSize, long rest) {
        Decision oldest = rest == 0 ? next : rest <= size ? taken : older;
        return new PrefetchedChunk(next, oldest, nextSize, rest + nextSize);
    }

    /** Returns the unused tokens, in thousandths, or {@link #GONE} or {@link #MOVED}. */
    long left() {
        return left;
    }

    boolean consume(long before, long cost) {
        return LEFT.compareAndSet(this, before, before - cost);
    }

    boolean move(long before) {
        return LEFT.compareAndSet(this, before, MOVED);
    }

    boolean end(long before) {
        return LEFT.compareAndSet(this, before, GONE);
    }

    /**
     * Returns the decision on a charge that was consumed from this chunk. It reports the tokens that the store had at
     * the grant, plus those that were left here, less the cost.
     *
     * @param before the tokens left before the charge, in thousandths
     */
    Decision decision(Charge charge, Duration maxWait, long before) {
        List<RateAlgorithm> rates = charge.limit().algorithms();
        Observations observed = observations.copyOf(0, rates.size());
        for (int i = 0; i < rates.size(); i++) {
            rates.get(i).spend(observed, i, olderObservations, size - before);
        }
        return Decision.of(charge, maxWait, true, observed);
    }

    /** Refunds the tokens left, those of each request to the decision that granted them. */
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
