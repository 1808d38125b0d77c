package io.ratelimit.remote;

import io.ratelimit.Limit;
import io.ratelimit.algorithm.RateAlgorithm;
import io.ratelimit.algorithm.Tokens;
import java.time.Duration;

/**
 * The configuration of a limit that this node last used, and since when.
 *
 * <p>After a limit was reconfigured, the store may keep a key in the earlier configuration until its bucket is full.
 * The next decision on such a key cannot be predicted, so denials are not cached while such keys may exist.
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

    /** Creates the first version of a limit that this node uses. */
    static LimitVersion first(Limit limit, long now) {
        return new LimitVersion(limit, now, 0);
    }

    /** Returns this version, or a new one that replaces it if the given limit counts differently. */
    LimitVersion followedBy(Limit changed, long now) {
        if (countsLike(changed)) {
            return this;
        }
        replace();
        return new LimitVersion(changed, now, Math.max(mixedNanos - (now - since), nanosUntilFull()));
    }

    /** Ends this version: denials that were cached under it are not used any more. */
    void replace() {
        replaced = true;
    }

    boolean countsLike(Limit other) {
        return limit == other || limit.countsLike(other);
    }

    /**
     * Records the maximum wait of a call. Its reservation may have consumed the tokens that refill during that time, so
     * a bucket takes that much longer to be full.
     */
    void recordWait(Duration maxWait) {
        if (!maxWait.isZero() && maxWait.toNanos() > longestWaitNanos) {
            synchronized (this) {
                longestWaitNanos = Math.max(longestWaitNanos, maxWait.toNanos());
            }
        }
    }

    boolean isReplaced() {
        return replaced;
    }

    /**
     * Returns whether every key has had the time to leave the earlier versions, so that none of them is in use any
     * more.
     */
    boolean isOnlyVersion(long now) {
        return now - since >= mixedNanos;
    }

    /** Returns the longest time until every key is full, plus a second for calls that are on their way. */
    private long nanosUntilFull() {
        double nanos = longestWaitNanos + 1e9;
        for (RateAlgorithm rate : limit.algorithms()) {
            long toFull = rate.ticksUntilFull(rate.debit(rate.full(0), Tokens.MOST_THOUSANDTHS));
            nanos = Math.max(nanos, longestWaitNanos + 1e9 + ((double) toFull + rate.period()) * rate.tickNanos());
        }
        return (long) Math.min(nanos, Long.MAX_VALUE >> 1);
    }
}
