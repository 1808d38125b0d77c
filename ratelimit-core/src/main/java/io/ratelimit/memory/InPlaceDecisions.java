package io.ratelimit.memory;

import io.ratelimit.Charge;
import io.ratelimit.Decision;
import io.ratelimit.Limit;
import io.ratelimit.algorithm.Observations;
import io.ratelimit.algorithm.RateAlgorithm;
import io.ratelimit.algorithm.TokenBucket;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Decides calls all of whose keys have a bucket in the layout of their limit, as nearly all calls do. The buckets are
 * locked in the order of the charges, observed at one time of the clock, and changed in place. A single charge of one
 * smooth rate needs no lock, because its bucket is one word.
 *
 * <p>All other calls are decided on copies, by {@link LockedBuckets}: those that need a new bucket or another layout,
 * share a bucket with other keys, or wait for a lease. Both ways give the same decisions.
 */
final class InPlaceDecisions {

    private final BucketMap buckets;
    private final StoreClock clock;

    InPlaceDecisions(BucketMap buckets, StoreClock clock) {
        this.buckets = buckets;
        this.clock = clock;
    }

    /** Decides a single charge; returns null, with nothing changed, if it cannot be decided in place. */
    @Nullable Decision decide(Charge charge, Duration maxWait) {
        Bucket bucket = find(charge);
        if (bucket == null) {
            return null;
        }
        TokenBucket onlyRate = bucket.layout.singleRate;
        return onlyRate != null
                ? replaceWord(charge, maxWait, bucket, onlyRate)
                : decideLocked(charge, maxWait, bucket);
    }

    /** Decides several charges; returns null, with nothing changed, if they cannot be decided in place. */
    @Nullable Decision decide(List<Charge> charges, Duration maxWait) {
        Bucket[] found = find(charges);
        if (found == null) {
            return null;
        }
        long[] words = new long[found.length];
        int locked = 0;
        try {
            for (; locked < found.length; locked++) {
                words[locked] = found[locked].lock();
                if (words[locked] == Bucket.GONE) {
                    return null;
                }
            }
            long now = clock.nanos();
            return isDecidable(found, now) ? decide(charges, maxWait, found, words, now) : null;
        } finally {
            for (int i = 0; i < locked; i++) {
                found[i].unlock(words[i]);
            }
        }
    }

    /** Releases a lease; returns false, with nothing changed, if that cannot be done in place. */
    boolean release(Charge charge) {
        Bucket bucket = charge.lease() == 0 ? null : find(charge);
        long word = bucket == null ? Bucket.GONE : bucket.lock();
        if (bucket == null || word == Bucket.GONE) {
            return false;
        }
        try {
            return bucket.release(charge, clock.nanos());
        } finally {
            bucket.unlock(word);
        }
    }

    private @Nullable Bucket find(Charge charge) {
        Limit limit = charge.limit();
        // A long key is stored under its digest, and is not found here.
        Bucket bucket = buckets.get(limit, charge.key());
        return bucket != null && mayDecide(bucket, limit) ? bucket : null;
    }

    /** Finds the bucket of each charge; returns null if one has none, or the charges are not in the lock order. */
    private Bucket @Nullable [] find(List<Charge> charges) {
        Bucket[] found = new Bucket[charges.size()];
        for (int i = 0; i < found.length; i++) {
            Charge charge = charges.get(i);
            boolean ordered = i == 0 || charge.follows(charges.get(i - 1));
            Bucket bucket = ordered && charge.lease() == 0 ? find(charge) : null;
            if (bucket == null) {
                return null;
            }
            found[i] = bucket;
        }
        return found;
    }

    /**
     * Returns whether a bucket that was found by name decides calls of a limit. It may be of a limit that was removed,
     * or the call may be late, and the bucket of a limit that was defined again under the name.
     */
    private static boolean mayDecide(Bucket bucket, Limit limit) {
        BucketLayout layout = bucket.layout;
        return !layout.owner.isRemoved() && (layout.limit == limit || !limit.isRemoved() && layout.countsLike(limit));
    }

    /**
     * Returns whether locked buckets can be changed in place at a time: their layouts reach it, the clock did not move
     * far back, and none of their limits was removed meanwhile.
     */
    private static boolean isDecidable(Bucket[] locked, long now) {
        for (Bucket bucket : locked) {
            if (bucket.layout.owner.isRemoved() || !bucket.layout.reaches(now) || bucket.clockMovedBack(now)) {
                return false;
            }
        }
        return true;
    }

    /** Decides a charge of one smooth rate by one compare-and-set. */
    private @Nullable Decision replaceWord(Charge charge, Duration maxWait, Bucket bucket, TokenBucket rate) {
        for (int tries = 0; ; tries++) {
            // The word is read before the clock: a word newer than the time would show fewer tokens than there ever
            // were.
            long word = bucket.word();
            if (Bucket.isFree(word)) {
                long now = clock.nanos();
                if (!bucket.layout.reaches(now)) {
                    return null;
                }
                long tick = bucket.layout.ticksSinceBase(rate, now);
                long level = rate.level(word, tick);
                long units = rate.price(charge.cost());
                boolean admitted = level >= units || rate.admitsWithin(maxWait, level, charge.cost());
                if (units == 0 || !admitted || bucket.replace(word, rate.fullAt(level - units, tick))) {
                    return Decision.ofLevel(charge, maxWait, admitted, bucket.layout.baseTicks + tick, level);
                }
            } else if (word == Bucket.GONE) {
                return null;
            }
            Bucket.pause(tries);
        }
    }

    private @Nullable Decision decideLocked(Charge charge, Duration maxWait, Bucket bucket) {
        long word = bucket.lock();
        if (word == Bucket.GONE) {
            return null;
        }
        try {
            long now = clock.nanos();
            if (!bucket.layout.reaches(now) || bucket.clockMovedBack(now)) {
                return null;
            }
            return bucket.layout.hasOneState()
                    ? changeState(charge, maxWait, bucket, now)
                    : changeStates(charge, maxWait, bucket, word, now);
        } finally {
            bucket.unlock(word);
        }
    }

    /** Decides a charge of one rate that is not smooth, or of a cap on concurrent calls. */
    private static @Nullable Decision changeState(Charge charge, Duration maxWait, Bucket bucket, long now) {
        if (charge.lease() != 0 && bucket.hasQueue()) {
            return null;
        }
        RateAlgorithm rate = charge.algorithms().get(0);
        long tick = rate.ticks(now);
        long cost = charge.cost();
        Observations observations = Observations.ofRates(1);
        rate.observe(bucket.state(), tick, cost, observations, 0);
        long wait = rate.ticksUntilAdmitted(observations, 0, cost);
        boolean admitted = wait == 0 || wait <= rate.waitWithin(maxWait);
        if (admitted && cost > 0) {
            bucket.setState(rate.consume(rate.advance(bucket.state(), tick), cost, observations.instant(0) + wait));
        }
        return admitted || charge.lease() == 0 ? Decision.of(charge, maxWait, admitted, observations) : null;
    }

    /** Decides a charge of several rates. */
    private static Decision changeStates(Charge charge, Duration maxWait, Bucket bucket, long word, long now) {
        Observations observations = Observations.ofRates(bucket.layout.rates.length);
        long wait = bucket.observe(charge.cost(), maxWait, word, now, observations, 0);
        if (wait != Bucket.REJECTED && charge.cost() > 0) {
            // The word of such a bucket is only its lock, and stays the same.
            bucket.consume(charge.cost(), now, wait, observations, 0);
        }
        return Decision.of(charge, maxWait, wait != Bucket.REJECTED, observations);
    }

    private static Decision decide(List<Charge> charges, Duration maxWait, Bucket[] locked, long[] words, long now) {
        int all = 0;
        for (Bucket bucket : locked) {
            all += bucket.layout.rates.length;
        }
        Observations observations = Observations.ofRates(all);
        long wait = 0;
        int first = 0;
        for (int i = 0; i < locked.length; i++) {
            long own = locked[i].observe(charges.get(i).cost(), maxWait, words[i], now, observations, first);
            wait = Bucket.longerWait(wait, own);
            first += locked[i].layout.rates.length;
        }
        first = 0;
        for (int i = 0; i < locked.length && wait != Bucket.REJECTED; i++) {
            if (charges.get(i).cost() > 0) {
                words[i] = locked[i].consume(charges.get(i).cost(), now, wait, observations, first);
            }
            first += locked[i].layout.rates.length;
        }
        return Decision.of(charges, maxWait, wait != Bucket.REJECTED, observations);
    }
}
