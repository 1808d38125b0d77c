package io.ratelimit;

import io.ratelimit.algorithm.LeaseState;
import io.ratelimit.algorithm.RateAlgorithm;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.function.LongConsumer;

/**
 * A store of buckets, which consumes tokens from them. All limits and keys of a registry are decided by one store.
 *
 * <p>The contract of a store, which {@code RateLimitStoreContract} in {@code ratelimit-test} checks sentence by
 * sentence:
 * <ol>
 *   <li><b>Clock.</b> A store decides by its own clock, which it reads once for each decision; if that clock is set
 *       back, no bucket gains tokens from it, and none stops refilling for longer than it takes to fill up.</li>
 *   <li><b>Atomicity.</b> A decision consumes the tokens of all its charges or of none, and concurrent decisions have
 *       the same results as if they were made one after the other.</li>
 *   <li><b>Rejection.</b> A rejection and a charge of zero tokens, which is always admitted, change no bucket, except
 *       as sentence 10 says.</li>
 *   <li><b>Arithmetic.</b> Each rate of each charge is counted exactly as its {@link RateAlgorithm} says, and every
 *       time that a decision reports is exact to the tick: one tick earlier the call would be rejected.</li>
 *   <li><b>Isolation.</b> Each key of each limit has a bucket of its own, full until its first charge and after a
 *       reset, which also ends its leases; when a limit is removed its buckets are filled, or left to expire, and no
 *       other bucket changes; how names and keys are spelled makes no difference.</li>
 *   <li><b>Reservation.</b> A call that does not fit now but will within the maximum wait is admitted as a reservation,
 *       granted when the last of its charges fits and never overtaken by a later call; a call that would wait longer is
 *       rejected.</li>
 *   <li><b>Refund.</b> A refund returns unused tokens, at most up to the capacity and only as far as the rate cannot
 *       have refilled them since the grant; it does not change the time at which another call was granted its
 *       tokens.</li>
 *   <li><b>Debit.</b> A debit consumes tokens even if they do not fit, down to a debt of at most the capacity of each
 *       rate, which has to refill before a later call is admitted.</li>
 *   <li><b>Lease.</b> A lease is held until it is refunded or has not been renewed for its lease time; a call that
 *       waits for a lease reserves nothing, but is queued, served in order, and notified when its turn comes.</li>
 *   <li><b>Reconfiguration.</b> A bucket last charged under another configuration of its limit keeps its whole
 *       thousandths of tokens, at most the new capacity, starts an added rate with as many tokens used as the most used
 *       of its other rates, and moves to the new configuration when a call consumes from it or is rejected for lack of
 *       tokens.</li>
 * </ol>
 *
 * <p>A full bucket is equivalent to no bucket, so a store may delete full buckets at any time. Stores that wrap another
 * store extend {@link ForwardingRateLimitStore}.
 */
public interface RateLimitStore extends AutoCloseable {

    /** {@return a short lower-case name for people and meters, such as {@code memory}} */
    String name();

    /**
     * Returns whether the buckets are elsewhere than in the memory of this JVM, so that a decision may take long. The
     * time of a decision then counts as a part of a call's wait.
     *
     * @return true unless overridden
     */
    default boolean isRemote() {
        return true;
    }

    /**
     * Returns the part of the store that currently keeps the bucket of a charge, for stores whose parts fail
     * independently, such as the nodes of a cluster. While a part is unavailable, only calls to that part are answered
     * without it.
     *
     * <p>Called for each decision during an outage, so an implementation is fast and never blocks.
     *
     * @param charge the charge
     * @return the part, equal for all charges that it keeps; unless overridden, one for the whole store
     */
    default Object shard(Charge charge) {
        return name();
    }

    /**
     * Decides a call: consumes all of its charges, now or as a {@linkplain Decision#waitTime() reservation}, or none.
     * The store itself never waits.
     *
     * <p>If one of the charges needs a {@linkplain Limit#isLeased() lease}, nothing is reserved. A rejected call that
     * would wait for a lease is {@linkplain Decision#isQueued() queued} for all of its leases, or keeps its place in
     * the queue; any other rejection removes it from the queue.
     *
     * @param charges one or more charges as {@link Charge#merged} returns them: in order, each bucket once
     * @param maxWait the longest wait to reserve for, zero for none; every limit {@linkplain Limit#requireWait accepts}
     *     it or cannot wait at all
     * @return the decision, with the state of each rate before anything was consumed
     * @throws StoreUnavailableException if the store did not answer; whether tokens were consumed is then unknown
     */
    Decision decide(List<Charge> charges, Duration maxWait);

    /**
     * Decides a call with a single charge, like {@link #decide(List, Duration)} with a list of it.
     *
     * @param charge the charge
     * @param maxWait the longest wait to reserve for, zero for none
     * @return the decision, with the state of each rate before anything was consumed
     * @throws StoreUnavailableException if the store did not answer; whether tokens were consumed is then unknown
     */
    default Decision decide(Charge charge, Duration maxWait) {
        return decide(List.of(charge), maxWait);
    }

    /**
     * Decides a call with a single charge that does not wait.
     *
     * @param charge the charge
     * @return the decision, with the state of each rate before anything was consumed
     * @throws StoreUnavailableException if the store did not answer; whether tokens were consumed is then unknown
     */
    default Decision decide(Charge charge) {
        return decide(charge, Duration.ZERO);
    }

    /**
     * Decides a call like {@link #decide(List, Duration)}, without blocking the caller.
     *
     * @param charges one or more charges as {@link Charge#merged} returns them: in order, each bucket once
     * @param maxWait the longest wait to reserve for, zero for none
     * @return the decision; fails with a {@link StoreUnavailableException} if the store did not answer
     */
    CompletionStage<Decision> decideAsync(List<Charge> charges, Duration maxWait);

    /**
     * Refunds tokens that a decision consumed and its call did not use. The caller refunds each token at most once. A
     * lease may be refunded any number of times, whether it is held or queued for.
     *
     * @param taken an admitted or queued decision of this store
     * @param unused charges of that decision, with the costs to refund
     * @return completes after the refund; fails with a {@link StoreUnavailableException} if the store did not answer,
     *     and whether the tokens were refunded is then unknown
     */
    CompletionStage<Void> refund(Decision taken, List<Charge> unused);

    /**
     * Debits tokens that a call used beyond those that its decision consumed.
     *
     * @param taken an admitted decision of this store
     * @param more charges of that decision, with the costs to add
     * @return completes after the debit; fails with a {@link StoreUnavailableException} if the store did not answer,
     *     and whether the tokens were debited is then unknown
     */
    CompletionStage<Void> debit(Decision taken, List<Charge> more);

    /**
     * Extends leases by another lease time, both those that are held and those that are queued for.
     *
     * @param decisions admitted or queued decisions of this store, with leased charges
     * @return the state of the leases of each decision, in the same order; for a decision with several leases the worst
     *     state, and {@link LeaseState#UNKNOWN} if they could not be renewed. Fails with a {@link
     *     StoreUnavailableException} if no lease could be renewed
     */
    CompletionStage<List<LeaseState>> renew(List<Decision> decisions);

    /**
     * Sets the listener for leases that became free. Called at most once, before the first call is queued.
     *
     * @param listener receives each {@link Charge#lease()} that has become {@link LeaseState#READY}, on any thread, and
     *     returns quickly. It may receive a lease twice, and leases of other nodes. Waiting calls also poll the store
     *     from time to time, so a lost notification only delays them
     */
    void onLeaseReady(LongConsumer listener);

    /**
     * Resets a key: its bucket is full afterwards, and all of its leases are lost.
     *
     * @param limit the limit
     * @param key the key, or {@link Charge#SHARED}
     * @throws StoreUnavailableException if the store did not answer
     */
    void reset(Limit limit, String key);

    /**
     * Notifies this store that a limit was removed. A store frees what it keeps for the limit in the memory of this
     * node, so that limits that come and go do not fill it. A remote store lets the buckets expire, because other nodes
     * may have the limit still.
     *
     * <p>Returns quickly, without waiting for a remote store. A call of the limit that is on its way may arrive later.
     * {@link Limit#isRemoved()} then returns true, and a store keeps nothing for it. The leases of its running calls
     * are not lost, though: a store that has freed them renews them as {@link LeaseState#HELD}.
     *
     * <p>Does nothing unless overridden, so a decorator that extends no {@link ForwardingRateLimitStore} must pass it
     * on. If two registries use one store, a limit that one of them removes is removed for both.
     *
     * @param limit the limit as it was configured last
     */
    default void limitRemoved(Limit limit) {}

    /** Closes connections and stops threads. Idempotent. */
    @Override
    void close();
}
