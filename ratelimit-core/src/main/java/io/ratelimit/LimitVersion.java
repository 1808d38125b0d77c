package io.ratelimit;

import java.time.Duration;

/**
 * How this node last asked for the keys of a limit.
 *
 * <p>After a change of the limit, a key may go on as the limit was before until everything is back. How it will go on after a
 * refusal is known only then.
 */
final class LimitVersion {

    private final Limit limit;
    private final long since;
    private final long mixedNanos;
    private volatile long longestWaitNanos;
    private volatile boolean replaced;

    private LimitVersion(Limit limit, long since, long mixedNanos) {
        this.limit = limit;
        this.since = since;
        this.mixedNanos = mixedNanos;
    }

    /** The first that this node hears of a limit. */
    static LimitVersion first(Limit limit, long now) {
        return new LimitVersion(limit, now, 0);
    }

    /** This definition, or the one that takes its place if the limit now counts otherwise. */
    LimitVersion followedBy(Limit asked, long now) {
        if (countsLike(asked)) {
            return this;
        }
        replaced = true;
        return new LimitVersion(asked, now, Math.max(mixedNanos - (now - since), lasting()));
    }

    boolean countsLike(Limit other) {
        return limit == other || limit.countsLike(other);
    }

    /** Says for how long ahead something may be promised. */
    void promises(Duration maxWait) {
        if (!maxWait.isZero() && maxWait.toNanos() > longestWaitNanos) {
            synchronized (this) {
                longestWaitNanos = Math.max(longestWaitNanos, maxWait.toNanos());
            }
        }
    }

    boolean isReplaced() {
        return replaced;
    }

    /** Whether no key goes on as the limit was before. */
    boolean isAlone(long now) {
        return now - since >= mixedNanos;
    }

    /** The longest time in which a key is back to full, with a second for calls that are under way. */
    private long lasting() {
        double nanos = longestWaitNanos + 1e9;
        for (RateAlgorithm rate : limit.algorithms()) {
            long toFull = rate.ticksUntilFull(rate.debit(rate.full(0), Tokens.MOST_THOUSANDTHS));
            nanos = Math.max(nanos, longestWaitNanos + 1e9 + ((double) toFull + rate.period()) * rate.tickNanos());
        }
        return (long) Math.min(nanos, Long.MAX_VALUE >> 1);
    }
}
