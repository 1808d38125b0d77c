package io.ratelimit;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.function.LongConsumer;

/**
 * Where buckets are kept, and the one place where their tokens are taken.
 *
 * <p>A store owns its clock. It takes from all buckets of a decision or from none, and a refusal changes nothing. A
 * bucket that is full is the same as no bucket; in this page, what a key has taken of a window is a bucket too. A bucket that was last charged under another configuration of its limit
 * keeps its whole thousandths, rounded down, at most the new capacity; a rate it did not have before starts with as many
 * tokens out as the rate that has most out. It refills as before until a call takes from it, or is refused because it is
 * short of tokens: such a refusal is the only one that writes, so that the bucket goes on as it is configured now. It also
 * writes where the store's clock was set back by more than the bucket takes to fill up, so that the bucket goes on at all.
 *
 * <p>{@code RateLimitStoreContract} in {@code ratelimit-test} holds a store to all of this.
 */
public interface RateLimitStore extends AutoCloseable {

    /** {@return a short lower-case name for people and meters, such as {@code memory}} */
    String name();

    /**
     * Says what keeps the bucket of a charge now, in a store whose parts fail and come back each on its own, such as the nodes
     * of a cluster. A call on a part that is away is not kept waiting, while the others are asked as ever. It is quick and
     * never blocks.
     *
     * @param charge the charge
     * @return the part, equal for all that it keeps; unless overridden one for the whole store
     */
    default Object shard(Charge charge) {
        return name();
    }

    /**
     * Takes every charge, or none. Charges that do not fit now, but will within the wait, are taken as a reservation; it is
     * granted {@link Decision#waitTime()} from now, when the last of them fits. The store itself never waits.
     *
     * <p>A call with a {@linkplain Limit#isLeased() leased} charge is promised nothing: where one of its leases is not free, and
     * it would wait, it is refused and {@linkplain Decision#isQueued() queued} for all of them, or stays in the queue. Whoever is
     * refused otherwise leaves the queue.
     *
     * @param charges one or more as {@link Charge#merged} leaves them: in order, each bucket once
     * @param maxWait the longest wait to reserve for, zero for none; each limit {@linkplain Limit#requireWait can} count it,
     *     or cannot wait at all
     * @return the decision, with what each rate was seen at
     * @throws StoreUnavailableException if the store could not be asked; whether tokens were taken is then unknown
     */
    Decision decide(List<Charge> charges, Duration maxWait);

    /**
     * Takes one charge now, or nothing.
     *
     * @param charge the charge
     * @return the decision, with what each rate was seen at
     * @throws StoreUnavailableException if the store could not be asked; whether tokens were taken is then unknown
     */
    default Decision decide(Charge charge) {
        return decide(List.of(charge), Duration.ZERO);
    }

    /**
     * {@link #decide(List, Duration)} without blocking the caller.
     *
     * @param charges one or more as {@link Charge#merged} leaves them: in order, each bucket once
     * @param maxWait the longest wait to reserve for, zero for none
     * @return the decision, or a {@link StoreUnavailableException}
     */
    CompletionStage<Decision> decideAsync(List<Charge> charges, Duration maxWait);

    /**
     * Gives back what a decision took and nobody used, at most to the capacity. Whoever waits keeps the instant that was
     * promised, and what everything may have come back of since the grant is void. The caller does so once for each token.
     * A lease may be given back any number of times, by whoever holds it or queues for it.
     *
     * @param taken an admitted or queued decision of this store
     * @param unused charges of that decision, with the costs to give back
     * @return completes when it is given back, or with a {@link StoreUnavailableException}; whether it was given back is then
     *     unknown
     */
    CompletionStage<Void> refund(Decision taken, List<Charge> unused);

    /**
     * Takes what a decision turned out to cost beyond what it took, whether it fits or not: as a debt of at most the capacity
     * of each rate, which later calls have to wait for.
     *
     * @param taken an admitted decision of this store
     * @param more charges of that decision, with the costs to add
     * @return completes when it is taken, or with a {@link StoreUnavailableException}; whether it was taken is then unknown
     */
    CompletionStage<Void> debit(Decision taken, List<Charge> more);

    /**
     * Makes leases last for another lease time, those that are held and those that are queued for.
     *
     * @param decisions admitted or queued decisions of this store, with leased charges
     * @return what became of the leases of each decision, the worst where it has several, in the same order;
     *     {@link LeaseState#UNKNOWN} for those that could not be asked for, or a {@link StoreUnavailableException} for all
     */
    CompletionStage<List<LeaseState>> renew(List<Decision> decisions);

    /**
     * Says who wants to hear of leases that became free. Called at most once, before the first call queues.
     *
     * @param listener gets each {@link Charge#lease()} that would be {@link LeaseState#READY}, on any thread, for which it is
     *     quick; it may be told twice, and of others' leases. Who waits asks now and then all the same, so a store that
     *     loses word of one only delays it.
     */
    void onLeaseReady(LongConsumer listener);

    /**
     * Forgets a bucket, so that it is full; whoever holds a lease of it has lost it.
     *
     * @param limit the limit
     * @param key whose bucket, or {@link Charge#SHARED}
     * @throws StoreUnavailableException if the store could not be asked
     */
    void reset(Limit limit, String key);

    /** Gives up connections and threads. Idempotent. */
    @Override
    void close();
}
