package io.ratelimit.remote;

import io.ratelimit.Charge;
import io.ratelimit.Decision;
import io.ratelimit.DecisionSource;
import io.ratelimit.ForwardingRateLimitStore;
import io.ratelimit.Limit;
import io.ratelimit.RateLimitStore;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A store that caches the denials of a remote store, so that the calls of an exhausted key do not reach it.
 *
 * <p>The rejection of a single charge tells how many tokens its key had left. Later calls that cannot fit into what may
 * have refilled since are rejected from the cache; all others reach the remote store. For example, a bucket of
 * {@code 10/s} that was rejected with 0.2 tokens left rejects calls of one token for 80 ms, and calls of half a token
 * for 30 ms. No call is ever admitted from the cache.
 *
 * <p>A denial is cached for a second. Then one call reaches the remote store, while the others are still rejected until
 * it is answered. The denial is dropped when this node refunds, debits or resets the key, when the store admits a call
 * of the key from this node, or when this node uses another configuration of the limit. A refund by another node is
 * therefore noticed up to a second late. Denials of a limit that was removed are not used any more. This node then also
 * forgets how the limit was configured: if it is defined again with other rates before its buckets are full, a denial
 * of a key that is still in the earlier configuration may be cached, for up to a second.
 *
 * <p>Calls of several charges, of {@linkplain Limit#isLeased() leased} limits and of a cost of zero always reach the
 * remote store. So does every call after a failure, until the remote store answers again. The cache keeps at most 8,192
 * keys of at most 200 characters each.
 */
final class DenialCachingStore extends ForwardingRateLimitStore {

    private final LongSupplier nanoClock;
    private final DenialCache denials = new DenialCache();
    private final ConcurrentMap<String, LimitVersion> versions = new ConcurrentHashMap<>();
    private volatile boolean unavailable;

    /**
     * Creates a store with an empty cache.
     *
     * @param nanoClock monotonic nanoseconds of this node, from any origin
     */
    DenialCachingStore(RateLimitStore remote, LongSupplier nanoClock) {
        super(remote);
        this.nanoClock = nanoClock;
    }

    @Override
    public Decision decide(List<Charge> charges, Duration maxWait) {
        Decision cached = cached(charges, maxWait);
        if (cached != null) {
            return cached;
        }
        PendingDecision pending = new PendingDecision(charges, maxWait);
        try {
            return pending.answered(super.decide(charges, maxWait));
        } catch (RuntimeException ex) {
            pending.failed();
            throw ex;
        }
    }

    @Override
    public CompletionStage<Decision> decideAsync(List<Charge> charges, Duration maxWait) {
        Decision cached = cached(charges, maxWait);
        if (cached != null) {
            return CompletableFuture.completedFuture(cached);
        }
        PendingDecision pending = new PendingDecision(charges, maxWait);
        return super.decideAsync(charges, maxWait).whenComplete((decision, failure) -> {
            if (decision == null) {
                pending.failed();
            } else {
                pending.answered(decision);
            }
        });
    }

    @Override
    public CompletionStage<Void> refund(Decision taken, List<Charge> unused) {
        changing(unused);
        return super.refund(taken, unused).whenComplete((nothing, failure) -> drop(unused));
    }

    @Override
    public CompletionStage<Void> debit(Decision taken, List<Charge> more) {
        changing(more);
        return super.debit(taken, more).whenComplete((nothing, failure) -> drop(more));
    }

    /**
     * Drops the cached denials before a change of their keys. They are dropped once more after the change, because a
     * decision made in between may be from before it.
     */
    private void changing(List<Charge> charges) {
        version(charges, Duration.ZERO);
        drop(charges);
    }

    private void drop(List<Charge> charges) {
        for (Charge charge : charges) {
            if (charge.cost() > 0) {
                denials.drop(charge);
            }
        }
    }

    @Override
    public void reset(Limit limit, String key) {
        try {
            super.reset(limit, key);
        } finally {
            denials.drop(new Charge(limit, key, 0));
        }
    }

    @Override
    public void limitRemoved(Limit limit) {
        try {
            super.limitRemoved(limit);
        } finally {
            // Not remove, which does not make a later first call see that the limit was removed.
            versions.compute(limit.name(), (name, version) -> {
                if (version != null) {
                    version.replace();
                }
                return null;
            });
        }
    }

    private @Nullable Decision cached(List<Charge> charges, Duration maxWait) {
        if (charges.size() > 1 || unavailable) {
            return null;
        }
        Charge charge = charges.get(0);
        CachedDenial denial = isCached(charge) ? denials.find(charge) : null;
        return denial == null ? null : denial.answer(charges, maxWait, nanoClock.getAsLong());
    }

    private static boolean isCached(Charge charge) {
        return charge.cost() > 0 && charge.lease() == 0 && charge.key().length() <= DenialCache.LONGEST_KEY;
    }

    /**
     * Records the wait for the limit of each charge, and returns the version of the first; null if that limit was
     * removed.
     */
    private @Nullable LimitVersion version(List<Charge> charges, Duration maxWait) {
        LimitVersion first = null;
        for (Charge charge : charges) {
            LimitVersion version = version(charge.limit());
            if (version != null) {
                version.recordWait(maxWait);
            }
            first = charge == charges.get(0) ? version : first;
        }
        return first;
    }

    private @Nullable LimitVersion version(Limit limit) {
        LimitVersion current = versions.get(limit.name());
        if (current != null && current.countsLike(limit)) {
            return current;
        }
        long now = nanoClock.getAsLong();
        LimitVersion version = versions.compute(limit.name(), (name, before) -> {
            if (limit.isRemoved()) {
                return before;
            }
            return before == null ? LimitVersion.first(limit, now) : before.followedBy(limit, now);
        });
        return limit.isRemoved() ? null : version;
    }

    /** A call on its way to the remote store, with the state of this node before it was sent. */
    private final class PendingDecision {

        private final List<Charge> charges;
        private final @Nullable LimitVersion version;
        private final long changes;
        private final long sent;

        PendingDecision(List<Charge> charges, Duration maxWait) {
            this.charges = charges;
            this.version = version(charges, maxWait);
            this.changes = denials.changes(charges.get(0));
            this.sent = nanoClock.getAsLong();
        }

        /**
         * Caches the decision if it is a denial. A rejection of several charges drops the denials of their keys,
         * because some charges may have been consumed one by one and refunded.
         */
        Decision answered(Decision decision) {
            if (unavailable) {
                unavailable = false;
            }
            Charge charge = charges.get(0);
            if (decision.admitted() || charges.size() > 1) {
                drop(charges);
            } else if (isCached(charge)
                    && decision.source() == DecisionSource.STORE
                    && version != null
                    && version.isOnlyVersion(sent)) {
                denials.put(charge, new CachedDenial(decision, version, sent), changes);
            }
            return decision;
        }

        void failed() {
            unavailable = true;
            drop(charges);
        }
    }
}
