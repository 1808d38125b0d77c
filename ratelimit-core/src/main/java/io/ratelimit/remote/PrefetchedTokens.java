package io.ratelimit.remote;

import io.ratelimit.Charge;
import io.ratelimit.Decision;
import io.ratelimit.Limit;
import io.ratelimit.PendingRefunds;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Tokens of one key that this node has prefetched from the store. Prefetched and requested tokens together never exceed
 * {@link Limit#prefetch()}.
 */
final class PrefetchedTokens {

    private static final VarHandle REQUESTED;

    static {
        try {
            REQUESTED = MethodHandles.lookup().findVarHandle(PrefetchedTokens.class, "requested", boolean.class);
        } catch (ReflectiveOperationException ex) {
            throw new ExceptionInInitializerError(ex);
        }
    }

    final Limit limit;
    final String key;
    private final long half;
    private volatile PrefetchedChunk chunk;
    private volatile boolean requested;
    private volatile boolean paused;
    private volatile long pausedUntil;
    private @Nullable PrefetchedChunk lastChunk;
    private long lastLeft;

    PrefetchedTokens(Limit limit, String key) {
        this.limit = limit;
        this.key = key;
        this.half = limit.prefetch() / 2;
        this.chunk = PrefetchedChunk.empty();
    }

    /** Returns whether a call under the given limit may use these tokens. */
    boolean serves(Limit other) {
        return limit == other || limit.prefetch() == other.prefetch() && limit.countsLike(other);
    }

    /**
     * Consumes the cost of a charge, which is above zero, and returns the decision; returns null if the tokens do not
     * cover it.
     */
    @Nullable Decision consume(Charge charge, Duration maxWait) {
        long cost = charge.cost();
        while (true) {
            PrefetchedChunk current = chunk;
            long left = current.left();
            if (left < cost) {
                return null;
            }
            if (current.consume(left, cost)) {
                return current.decision(charge, maxWait, left);
            }
        }
    }

    /** Returns the unused tokens, in thousandths. */
    long left() {
        return Math.max(0, chunk.left());
    }

    /**
     * Returns whether more tokens should be requested: no request is on its way, and at most half of the prefetch is
     * left, or less than a call needed.
     *
     * @param missing the cost of a call that the tokens did not cover, or 0
     */
    boolean isLow(long missing) {
        return !requested && isLow(missing, chunk.left());
    }

    private boolean isLow(long missing, long left) {
        return left <= half || left < Math.min(missing, limit.prefetch());
    }

    /**
     * Begins a request for more tokens. There is one request at a time, and none during a {@linkplain #pause pause}.
     *
     * @param missing the cost of a call that the tokens did not cover, or 0
     * @return the thousandths of a token to request; 0 if the caller must not request any
     */
    long beginRefill(long missing, long now) {
        if (paused && now - pausedUntil < 0 || !REQUESTED.compareAndSet(this, false, true)) {
            return 0;
        }
        paused = false;
        long left = chunk.left();
        if (left < 0 || !isLow(missing, left)) {
            requested = false;
            return 0;
        }
        return limit.prefetch() - left;
    }

    /**
     * Adds the tokens that a request was granted; returns false if these tokens were {@linkplain #end dropped}
     * meanwhile.
     */
    boolean add(Decision taken, long size) {
        while (true) {
            PrefetchedChunk last = chunk;
            long left = last.left();
            if (left < 0) {
                return false;
            }
            if (last.move(left)) {
                chunk = last.followedBy(taken, size, left);
                requested = false;
                return true;
            }
        }
    }

    /** Ends a request that was rejected or failed, and prevents further ones for the given time. */
    void pause(long now, long nanos) {
        pausedUntil = now + nanos;
        paused = true;
        requested = false;
    }

    /**
     * Returns whether no tokens were used or added since the last call of this method, which one thread makes at a
     * time.
     */
    boolean isIdle() {
        PrefetchedChunk current = chunk;
        long left = current.left();
        boolean idle = !requested && current == lastChunk && left == lastLeft;
        lastChunk = current;
        lastLeft = left;
        return idle;
    }

    /**
     * Drops the tokens permanently.
     *
     * @param refunds refunds the unused tokens; null if they are not to be refunded
     */
    void end(@Nullable PendingRefunds refunds) {
        while (true) {
            PrefetchedChunk last = chunk;
            long left = last.left();
            if (left == PrefetchedChunk.GONE) {
                return;
            }
            if (left >= 0 && last.end(left)) {
                if (refunds != null) {
                    last.refund(refunds, key, left);
                }
                return;
            }
            Thread.onSpinWait();
        }
    }
}
