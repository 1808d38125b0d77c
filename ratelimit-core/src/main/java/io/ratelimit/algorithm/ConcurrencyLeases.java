package io.ratelimit.algorithm;

import java.time.Duration;
import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;

/**
 * Leases of calls that run at the same time and together hold at most N tokens.
 *
 * <p>A lease is an id, a cost and the instant at which it expires unless it is renewed. So the leases of a node that
 * died are free again within one lease time. A lease is released by its id, so releasing it twice is the same as once.
 * For example, with two calls at once and a lease time of 30 s, calls start at 0, 10 and 20 s. The third is rejected
 * with a wait of 10 s, because the first lease expires then unless it is renewed; if the first call ends at 21 s, a
 * call at that time is admitted. This is a counting semaphore with leases, like Redisson's
 * {@code PermitExpirableSemaphore}.
 *
 * <p>A call that is rejected can queue under the id that its lease will have; its place in the queue expires like a
 * lease. A call fits if the held leases, the queued calls before it and the call itself are at most N tokens together.
 * So no call overtakes another, and if three tokens are free, the first three calls of the queue may acquire them in
 * any order. There are no reservations, because nobody knows when a call ends. The wait that a rejection reports is the
 * time until enough leases expire, if none of them is renewed.
 */
public final class ConcurrencyLeases implements RateAlgorithm {

    private static final long NO_LEASE = 0;
    private static final long[] NONE = {};
    private static final int TIME = 0;
    private static final int FIRST = 1;
    private static final int ENTRY = 3;
    private static final int COST = 1;
    private static final int END = 2;
    private static final int FREE = 1;
    private static final int WAIT = 2;
    private static final int UNTIL_FULL = 3;

    private final long lease;
    private final long most;
    private final long id;

    private ConcurrencyLeases(long lease, long most, long id) {
        this.lease = lease;
        this.most = most;
        this.id = id;
    }

    /**
     * Creates the leases of a cap, from the point of view of a caller without a lease.
     *
     * @param cap how many tokens are held at once, and the lease time
     * @return the leases
     */
    public static ConcurrencyLeases of(ConcurrencyCap cap) {
        return new ConcurrencyLeases(cap.leaseTime().toMillis(), cap.max() * 1_000L, NO_LEASE);
    }

    /**
     * Returns the same leases from the point of view of the call that holds, or queues for, one of them.
     *
     * @param id the id of the lease, above 0
     * @return the leases of that call
     */
    public ConcurrencyLeases forLease(long id) {
        return new ConcurrencyLeases(lease, most, id);
    }

    @Override
    public ConcurrencyLeases asLeases() {
        return this;
    }

    /** Returns the id of the call's own lease, 0 without one. */
    @Override
    public long[] encodedFields() {
        return new long[] {id};
    }

    @Override
    public Algorithm algorithm() {
        return Algorithm.CONCURRENCY;
    }

    @Override
    public long tickNanos() {
        return 1_000_000;
    }

    @Override
    public long period() {
        return lease;
    }

    @Override
    public long capacityThousandths() {
        return most;
    }

    @Override
    public long[] full(long now) {
        return new long[] {now};
    }

    @Override
    public boolean clockMovedBack(long[] state, long now) {
        return now < state[TIME] - lease;
    }

    /**
     * Drops expired leases. If the clock {@linkplain #clockMovedBack moved far back}, no lease lasts longer than a
     * lease time from now.
     */
    @Override
    public long[] advance(long[] state, long now) {
        if (!clockMovedBack(state, now)) {
            return withoutExpired(state, Math.max(now, state[TIME]));
        }
        for (int i = FIRST; i < state.length; i += ENTRY) {
            state[i + END] = Math.min(state[i + END], now + lease);
        }
        return withoutExpired(state, now);
    }

    private static long[] withoutExpired(long[] state, long time) {
        int length = FIRST;
        for (int i = FIRST; i < state.length; i += ENTRY) {
            if (state[i + END] > time) {
                System.arraycopy(state, i, state, length, ENTRY);
                length += ENTRY;
            }
        }
        state[TIME] = time;
        return length == state.length ? state : Arrays.copyOf(state, length);
    }

    @Override
    public boolean isFull(long[] state) {
        return state.length == FIRST;
    }

    /**
     * Records the tokens that are left for later calls, the ticks until the cost fits, and the ticks until all leases
     * expire. The call's own lease or place in the queue is not counted.
     */
    @Override
    public void observe(long[] state, long now, long cost, Observations observations, int rate) {
        long time = Math.max(now, state[TIME]);
        long[] live = state.length == FIRST ? state : withoutExpired(state.clone(), time);
        int own = find(live);
        long others = 0;
        for (int i = FIRST; i < live.length; i += ENTRY) {
            others += i == own ? 0 : cost(live, i);
        }
        long wait = cost > most ? 0 : untilFree(live, cost, own);
        observations.set(rate, time, most - others, wait, ticksUntilFull(live));
    }

    /** Projects nothing, because nobody knows when a call ends. */
    @Override
    public boolean project(
            Observations observations, int rate, long elapsed, long rejected, long cost, Observations later) {
        return false;
    }

    @Override
    public void spend(Observations observations, int rate, Observations older, long spent) {
        observations.set(rate, FREE, Math.min(most, observations.get(rate, FREE) - spent));
        if (spent < 0) {
            observations.setInstant(rate, older.instant(rate));
        }
    }

    /** Acquires the lease and leaves the queue. */
    @Override
    public long[] consume(long[] state, long cost, long granted) {
        return with(without(state), cost);
    }

    /**
     * Queues for the lease, or keeps its place in the queue, for another lease time.
     *
     * @param state a state as of now
     * @param cost thousandths
     * @return the next state; the same for a cost of zero or a caller without a lease
     */
    public long[] enqueue(long[] state, long cost) {
        return cost == 0 || id == NO_LEASE ? state : find(state) > 0 ? renew(state) : with(state, -cost);
    }

    /**
     * Renews the lease, or its place in the queue, for another lease time.
     *
     * @param state a state as of now
     * @return the next state; the same if the lease expired
     */
    public long[] renew(long[] state) {
        int own = find(state);
        if (own < 0) {
            return state;
        }
        long[] renewed = state.clone();
        renewed[own + END] = state[TIME] + lease;
        return renewed;
    }

    /**
     * Leaves the queue. A lease that is held is kept.
     *
     * @param state a state as of now
     * @return the next state; the same if the call was not queued
     */
    public long[] leaveQueue(long[] state) {
        int own = find(state);
        return own > 0 && isWaiting(state, own) ? without(state) : state;
    }

    /**
     * Returns the state of the lease.
     *
     * @param state a state as of now
     * @return whether the lease is held, queued for or lost
     */
    public LeaseState leaseState(long[] state) {
        int own = find(state);
        if (own < 0) {
            return LeaseState.LOST;
        }
        if (!isWaiting(state, own)) {
            return LeaseState.HELD;
        }
        return ahead(state, own) + cost(state, own) <= most ? LeaseState.READY : LeaseState.WAITING;
    }

    /**
     * Returns whether calls are queued for leases.
     *
     * @param state any state
     * @return true if one of its entries is of a queued lease, which may have expired
     */
    public boolean hasQueue(long[] state) {
        for (int i = FIRST; i < state.length; i += ENTRY) {
            if (isWaiting(state, i)) {
                return true;
            }
        }
        return false;
    }

    /**
     * Returns the queued leases that fit now.
     *
     * @param state a state as of now
     * @return their ids, in the order of the queue
     */
    public long[] readyLeases(long[] state) {
        long taken = 0;
        int waiting = 0;
        for (int i = FIRST; i < state.length; i += ENTRY) {
            if (isWaiting(state, i)) {
                waiting++;
            } else {
                taken += cost(state, i);
            }
        }
        long[] ready = waiting == 0 ? NONE : new long[waiting];
        int count = 0;
        for (int i = FIRST; i < state.length && waiting > 0; i += ENTRY) {
            if (isWaiting(state, i)) {
                taken += cost(state, i);
                if (taken > most) {
                    break;
                }
                ready[count++] = state[i];
            }
        }
        return count == ready.length ? ready : Arrays.copyOf(ready, count);
    }

    /** Changes nothing: there is no debt for concurrent calls. */
    @Override
    public long[] debit(long[] state, long cost) {
        return state;
    }

    /** Releases the lease or leaves the queue; with a smaller cost, returns that part of the lease's tokens. */
    @Override
    public long[] refund(long[] state, long cost, long granted) {
        int own = find(state);
        if (own < 0 || cost(state, own) <= cost) {
            return without(state);
        }
        long[] less = state.clone();
        less[own + COST] -= Long.signum(less[own + COST]) * cost;
        return less;
    }

    @Override
    public long used(long[] state) {
        long used = 0;
        for (int i = FIRST; i < state.length; i += ENTRY) {
            used += cost(state, i);
        }
        return Math.min(most, used);
    }

    /** Represents the used tokens by a lease without a holder, which expires. */
    @Override
    public long[] fullWithUsed(long used, long now) {
        return used == 0 ? full(now) : new long[] {now, NO_LEASE, Math.min(most, used), now + lease};
    }

    /** True for all leases, whatever their lease time. */
    @Override
    public boolean canMigrateFrom(RateAlgorithm other) {
        return other instanceof ConcurrencyLeases;
    }

    /** Always false, as the number of concurrent calls tells nothing about a rate. */
    @Override
    public boolean isRedundantBeside(RateAlgorithm stricter) {
        return false;
    }

    /** Returns 0 while any lease is held, because evicting the bucket would admit one call too many. */
    @Override
    public double fullness(long[] state) {
        return isFull(state) ? 1 : 0;
    }

    @Override
    public long ticksUntilFull(long[] state) {
        long last = state[TIME];
        for (int i = FIRST; i < state.length; i += ENTRY) {
            last = Math.max(last, state[i + END]);
        }
        return last - state[TIME];
    }

    @Override
    public long ticksUntilAdmitted(Observations observations, int rate, long cost) {
        return cost > most ? NEVER : cost == 0 ? 0 : observations.get(rate, WAIT);
    }

    /** Returns 0, as no reservations are made. */
    @Override
    public long waitWithin(Duration maxWait) {
        return 0;
    }

    @Override
    public long remaining(Observations observations, int rate, long consumed) {
        return Math.max(0, observations.get(rate, FREE) - consumed);
    }

    @Override
    public long ticksUntilReset(Observations observations, int rate, long consumed, long wait) {
        return consumed > 0 ? Math.max(lease, observations.get(rate, UNTIL_FULL)) : observations.get(rate, UNTIL_FULL);
    }

    /** Returns the ticks until a cost fits, if none of the leases ahead is renewed. */
    private long untilFree(long[] state, long cost, int own) {
        long missing = cost + ahead(state, own) - most;
        return missing <= 0 ? 0 : untilExpired(state, missing, own);
    }

    /** Returns the ticks until leases ahead of this call have expired that hold the missing tokens together. */
    private static long untilExpired(long[] state, long missing, int own) {
        int[] byEnd = IntStream.iterate(FIRST, i -> i < state.length, i -> i + ENTRY)
                .filter(i -> isAhead(state, i, own))
                .boxed()
                .sorted(Comparator.comparingLong(i -> state[i + END]))
                .mapToInt(Integer::intValue)
                .toArray();
        long left = missing;
        long end = state[TIME];
        for (int i = 0; i < byEnd.length && left > 0; i++) {
            left -= cost(state, byEnd[i]);
            end = state[byEnd[i] + END];
        }
        return end - state[TIME];
    }

    /** Returns the tokens of all entries ahead of this call. */
    private static long ahead(long[] state, int own) {
        long ahead = 0;
        for (int i = FIRST; i < state.length; i += ENTRY) {
            ahead += isAhead(state, i, own) ? cost(state, i) : 0;
        }
        return ahead;
    }

    /**
     * Returns whether an entry is the lease that another call holds, or a lease that is queued before that of this
     * call. If this call is not queued, all queued leases are before it.
     *
     * @param own the index of the own lease's entry; -1 if there is none
     */
    private static boolean isAhead(long[] state, int entry, int own) {
        boolean behind = own > 0 && entry > own && isWaiting(state, own) && isWaiting(state, entry);
        return entry != own && !behind;
    }

    private static long cost(long[] state, int entry) {
        return Math.abs(state[entry + COST]);
    }

    /** The cost of a queued lease is stored as a negative number. */
    private static boolean isWaiting(long[] state, int entry) {
        return state[entry + COST] < 0;
    }

    /** Returns the index of the own lease's entry; -1 if there is none. */
    private int find(long[] state) {
        for (int i = FIRST; i < state.length && id != NO_LEASE; i += ENTRY) {
            if (state[i] == id) {
                return i;
            }
        }
        return -1;
    }

    private long[] with(long[] state, long cost) {
        long[] longer = Arrays.copyOf(state, state.length + ENTRY);
        longer[state.length] = id;
        longer[state.length + COST] = cost;
        longer[state.length + END] = state[TIME] + lease;
        return longer;
    }

    private long[] without(long[] state) {
        int own = find(state);
        if (own < 0) {
            return state;
        }
        long[] shorter = new long[state.length - ENTRY];
        System.arraycopy(state, 0, shorter, 0, own);
        System.arraycopy(state, own + ENTRY, shorter, own, shorter.length - own);
        return shorter;
    }
}
