package io.ratelimit;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A remote store whose refusals this node remembers, so that a caller who asks in vain costs the store nothing.
 *
 * <p>After a refusal of one charge the level of its key is known until somebody gives something back: what is short of it now is
 * refused from memory, and anything else is asked. A smaller cost that may fit is asked, and a caller who comes back after
 * {@link Decision#retryAfter()} is too. With {@code 10/s}, a bucket that was seen with 0.2 tokens left refuses a token for
 * 80 ms, and one of half a token for 30 ms.
 *
 * <p>A refusal is kept for a second. Then one caller asks again, while the others are refused as before until the answer is
 * there. It is dropped once this node gives back, owes, forgets or is admitted, or asks with another configuration of the limit.
 * What other nodes give back is seen up to a second late. Nothing is ever admitted from memory.
 *
 * <p>Calls of several charges, of {@linkplain Limit#isLeased() leased} limits and of a cost of zero are always asked, and so is
 * everything after the store could not be asked, until it answers. At most 8,192 keys are kept, each of at most 200 characters.
 */
public final class DenialCachingStore implements RateLimitStore {

    private final RateLimitStore remote;
    private final LongSupplier nanoClock;
    private final DenialCache denials = new DenialCache();
    private final ConcurrentMap<String, LimitVersion> versions = new ConcurrentHashMap<>();
    private volatile boolean away;

    /**
     * Puts a memory for refusals in front of a remote store.
     *
     * @param remote asked for everything else; closed with this one
     */
    public DenialCachingStore(RateLimitStore remote) {
        this(remote, System::nanoTime);
    }

    /**
     * Puts a memory for refusals in front of a remote store.
     *
     * @param remote asked for everything else; closed with this one
     * @param nanoClock monotonic nanoseconds of this node, from any origin
     */
    public DenialCachingStore(RateLimitStore remote, LongSupplier nanoClock) {
        this.remote = remote;
        this.nanoClock = nanoClock;
    }

    @Override
    public String name() {
        return remote.name();
    }

    @Override
    public Object shard(Charge charge) {
        return remote.shard(charge);
    }

    @Override
    public Decision decide(List<Charge> charges, Duration maxWait) {
        Decision known = known(charges, maxWait);
        if (known != null) {
            return known;
        }
        PendingDecision pending = new PendingDecision(charges, maxWait);
        try {
            return pending.answered(remote.decide(charges, maxWait));
        } catch (RuntimeException ex) {
            pending.failed();
            throw ex;
        }
    }

    @Override
    public CompletionStage<Decision> decideAsync(List<Charge> charges, Duration maxWait) {
        Decision known = known(charges, maxWait);
        if (known != null) {
            return CompletableFuture.completedFuture(known);
        }
        PendingDecision pending = new PendingDecision(charges, maxWait);
        return remote.decideAsync(charges, maxWait).whenComplete((decision, failure) -> {
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
        return remote.refund(taken, unused).whenComplete((nothing, failure) -> drop(unused));
    }

    @Override
    public CompletionStage<Void> debit(Decision taken, List<Charge> more) {
        changing(more);
        return remote.debit(taken, more).whenComplete((nothing, failure) -> drop(more));
    }

    /** What is known is dropped before a change, and after it what was asked meanwhile. */
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
    public CompletionStage<List<LeaseState>> renew(List<Decision> decisions) {
        return remote.renew(decisions);
    }

    @Override
    public void onLeaseReady(LongConsumer listener) {
        remote.onLeaseReady(listener);
    }

    @Override
    public void reset(Limit limit, String key) {
        try {
            remote.reset(limit, key);
        } finally {
            denials.drop(new Charge(limit, key, 0));
        }
    }

    @Override
    public void close() {
        remote.close();
    }

    private @Nullable Decision known(List<Charge> charges, Duration maxWait) {
        if (charges.size() > 1 || away) {
            return null;
        }
        Charge charge = charges.get(0);
        CachedDenial denial = isCached(charge) ? denials.find(charge) : null;
        return denial == null ? null : denial.answer(charges, maxWait, nanoClock.getAsLong());
    }

    private static boolean isCached(Charge charge) {
        return charge.cost() > 0 && charge.lease() == 0 && charge.key().length() <= DenialCache.LONGEST_KEY;
    }

    /** The definition of the first charge's limit. */
    private @Nullable LimitVersion version(List<Charge> charges, Duration maxWait) {
        LimitVersion first = null;
        for (Charge charge : charges) {
            LimitVersion version = version(charge.limit());
            version.promises(maxWait);
            first = first == null ? version : first;
        }
        return first;
    }

    private LimitVersion version(Limit limit) {
        LimitVersion known = versions.get(limit.name());
        if (known != null && known.countsLike(limit)) {
            return known;
        }
        long now = nanoClock.getAsLong();
        return versions.compute(
                limit.name(),
                (name, before) -> before == null ? LimitVersion.first(limit, now) : before.followedBy(limit, now));
    }

    /** A question to the store, with what was so before it was sent. */
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

        /** Several charges may be taken one after the other and given back, so they change their keys also if refused. */
        Decision answered(Decision decision) {
            if (away) {
                away = false;
            }
            Charge charge = charges.get(0);
            if (decision.admitted() || charges.size() > 1) {
                drop(charges);
            } else if (isCached(charge)
                    && decision.source() == DecisionSource.STORE
                    && version != null
                    && version.isAlone(sent)) {
                denials.put(charge, new CachedDenial(decision, version, sent), changes);
            }
            return decision;
        }

        void failed() {
            away = true;
            drop(charges);
        }
    }
}
