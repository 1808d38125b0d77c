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
public final class RememberingStore implements RateLimitStore {

    private final RateLimitStore remote;
    private final LongSupplier nanoClock;
    private final Refusals refusals = new Refusals();
    private final ConcurrentMap<String, Definition> definitions = new ConcurrentHashMap<>();
    private volatile boolean away;

    /**
     * Puts a memory for refusals in front of a remote store.
     *
     * @param remote asked for everything else; closed with this one
     */
    public RememberingStore(RateLimitStore remote) {
        this(remote, System::nanoTime);
    }

    /**
     * Puts a memory for refusals in front of a remote store.
     *
     * @param remote asked for everything else; closed with this one
     * @param nanoClock monotonic nanoseconds of this node, from any origin
     */
    public RememberingStore(RateLimitStore remote, LongSupplier nanoClock) {
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
        Question question = new Question(charges, maxWait);
        try {
            return question.answered(remote.decide(charges, maxWait));
        } catch (RuntimeException ex) {
            question.failed();
            throw ex;
        }
    }

    @Override
    public CompletionStage<Decision> decideAsync(List<Charge> charges, Duration maxWait) {
        Decision known = known(charges, maxWait);
        if (known != null) {
            return CompletableFuture.completedFuture(known);
        }
        Question question = new Question(charges, maxWait);
        return remote.decideAsync(charges, maxWait).whenComplete((decision, failure) -> {
            if (decision == null) {
                question.failed();
            } else {
                question.answered(decision);
            }
        });
    }

    @Override
    public CompletionStage<Void> giveBack(Decision taken, List<Charge> unused) {
        changing(unused);
        return remote.giveBack(taken, unused).whenComplete((nothing, failure) -> drop(unused));
    }

    @Override
    public CompletionStage<Void> owe(Decision taken, List<Charge> more) {
        changing(more);
        return remote.owe(taken, more).whenComplete((nothing, failure) -> drop(more));
    }

    /** What is known is dropped before a change, and after it what was asked meanwhile. */
    private void changing(List<Charge> charges) {
        define(charges, Duration.ZERO);
        drop(charges);
    }

    private void drop(List<Charge> charges) {
        for (Charge charge : charges) {
            if (charge.cost() > 0) {
                refusals.drop(charge);
            }
        }
    }

    @Override
    public CompletionStage<List<LeaseState>> renew(List<Decision> decisions) {
        return remote.renew(decisions);
    }

    @Override
    public void whenReady(LongConsumer listener) {
        remote.whenReady(listener);
    }

    @Override
    public void forget(Limit limit, String key) {
        try {
            remote.forget(limit, key);
        } finally {
            refusals.drop(new Charge(limit, key, 0));
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
        Refusal refusal = isKept(charge) ? refusals.find(charge) : null;
        return refusal == null ? null : refusal.answer(charges, maxWait, nanoClock.getAsLong());
    }

    private static boolean isKept(Charge charge) {
        return charge.cost() > 0 && charge.lease() == 0 && charge.key().length() <= Refusals.LONGEST_KEY;
    }

    /** The definition of the first charge's limit. */
    private @Nullable Definition define(List<Charge> charges, Duration maxWait) {
        Definition first = null;
        for (Charge charge : charges) {
            Definition definition = define(charge.limit());
            definition.promises(maxWait);
            first = first == null ? definition : first;
        }
        return first;
    }

    private Definition define(Limit limit) {
        Definition known = definitions.get(limit.name());
        if (known != null && known.countsLike(limit)) {
            return known;
        }
        long now = nanoClock.getAsLong();
        return definitions.compute(
                limit.name(),
                (name, before) -> before == null ? Definition.first(limit, now) : before.followedBy(limit, now));
    }

    /** A question to the store, with what was so before it was sent. */
    private final class Question {

        private final List<Charge> charges;
        private final @Nullable Definition definition;
        private final long changes;
        private final long sent;

        Question(List<Charge> charges, Duration maxWait) {
            this.charges = charges;
            this.definition = define(charges, maxWait);
            this.changes = refusals.changes(charges.get(0));
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
            } else if (isKept(charge)
                    && decision.source() == Source.STORE
                    && definition != null
                    && definition.isAlone(sent)) {
                refusals.keep(charge, new Refusal(decision, definition, sent), changes);
            }
            return decision;
        }

        void failed() {
            away = true;
            drop(charges);
        }
    }
}
