package io.ratelimit;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** The tokens of one key that this node took ahead. Never more than the limit's prefetch are in it and under way together. */
final class PrefetchedTokens {

    private static final VarHandle ASKED;

    static {
        try {
            ASKED = MethodHandles.lookup().findVarHandle(PrefetchedTokens.class, "asked", boolean.class);
        } catch (ReflectiveOperationException ex) {
            throw new ExceptionInInitializerError(ex);
        }
    }

    final Limit limit;
    final String key;
    private final long half;
    private volatile PrefetchedChunk chunk;
    private volatile boolean asked;
    private volatile boolean paused;
    private volatile long pausedUntil;
    private @Nullable PrefetchedChunk lastChunk;
    private long lastLeft;

    PrefetchedTokens(Limit limit, String key) {
        this.limit = limit;
        this.key = key;
        this.half = limit.prefetch() / 2;
        this.chunk = PrefetchedChunk.empty(limit);
    }

    /** Whether what is in it may be spent by calls of a limit. */
    boolean serves(Limit other) {
        return limit == other || limit.prefetch() == other.prefetch() && limit.countsLike(other);
    }

    /** Takes a cost above zero, or nothing and answers nothing. */
    @Nullable Decision take(Charge charge, Duration maxWait) {
        long cost = charge.cost();
        while (true) {
            PrefetchedChunk current = chunk;
            long left = current.left();
            if (left < cost) {
                return null;
            }
            if (current.take(left, cost)) {
                return current.decision(charge, maxWait, left);
            }
        }
    }

    /** Thousandths that are in it. */
    long left() {
        return Math.max(0, chunk.left());
    }

    /** Whether to ask for more: nobody does, and at most half is left, or less than a call wanted that could be served. */
    boolean isLow(long missed) {
        return !asked && isLow(missed, chunk.left());
    }

    private boolean isLow(long missed, long left) {
        return left <= half || left < Math.min(missed, limit.prefetch());
    }

    /**
     * Begins to ask for as much as it may hold beyond what it has: one asker at a time, and for a while none after a refusal.
     *
     * @param missed what a call wanted in vain, or 0
     * @return thousandths that are under way from now on; 0 if it is not this caller who asks
     */
    long beginRefill(long missed, long now) {
        if (paused && now - pausedUntil < 0 || !ASKED.compareAndSet(this, false, true)) {
            return 0;
        }
        paused = false;
        long left = chunk.left();
        if (left < 0 || !isLow(missed, left)) {
            asked = false;
            return 0;
        }
        return limit.prefetch() - left;
    }

    /** Puts what the store gave where it was meant to go; false if the hand is gone. */
    boolean add(Decision taken, long size) {
        while (true) {
            PrefetchedChunk last = chunk;
            long left = last.left();
            if (left < 0) {
                return false;
            }
            if (last.move(left)) {
                chunk = last.followedBy(taken, size, left);
                asked = false;
                return true;
            }
        }
    }

    /** Says that the store did not give, and for how long it is not worth asking. */
    void pause(long now, long nanos) {
        pausedUntil = now + nanos;
        paused = true;
        asked = false;
    }

    /** Whether nothing was taken or put since this was last asked, by the one who asks now and then. */
    boolean isIdle() {
        PrefetchedChunk current = chunk;
        long left = current.left();
        boolean idle = !asked && current == lastChunk && left == lastLeft;
        lastChunk = current;
        lastLeft = left;
        return idle;
    }

    /** Empties the hand for good; what was in it goes back to the store, if there is one to take it. */
    void end(@Nullable PendingRefunds store) {
        while (true) {
            PrefetchedChunk last = chunk;
            long left = last.left();
            if (left == PrefetchedChunk.GONE) {
                return;
            }
            if (left >= 0 && last.end(left)) {
                if (store != null) {
                    last.refund(store, key, left);
                }
                return;
            }
            Thread.onSpinWait();
        }
    }
}
