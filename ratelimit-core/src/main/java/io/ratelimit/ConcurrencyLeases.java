package io.ratelimit;

import java.time.Duration;
import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/**
 * The arithmetic of calls that run at the same time: leases, of which at most N tokens' worth are held at once.
 *
 * <p>A rate of {@code 10/30s} is read as ten at once, in leases of thirty seconds. A lease is an id, a cost and an instant
 * at which it runs out unless it is renewed before; so what a crashed holder held is free one lease time later. It is
 * given back by its id, so twice is the same as once.
 *
 * <p>Who finds no room can queue, under the id of the lease to come, which runs out in the same way. A call fits if what is
 * held, what is queued before it, and the call itself are together at most N: so nobody overtakes, and where three tokens are
 * free the first three of the queue may take them in any order. Nothing is ever promised for an instant, because nobody
 * knows when a call ends; the wait that is told is until enough leases run out, if nobody renews them.
 *
 * <p>With two at once and leases of 30 s, of calls at 0, 10 and 20 s the third is refused with a wait of 10 s; if the
 * first ends at 21 s, a call of then is admitted.
 */
public final class ConcurrencyLeases implements RateAlgorithm {

    private static final long NOBODY = 0;
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
     * The leases of a cap, as somebody sees them who has none.
     *
     * @param cap how many at once, and for how long
     * @return the arithmetic
     */
    public static ConcurrencyLeases of(ConcurrencyCap cap) {
        return new ConcurrencyLeases(cap.leaseTime().toMillis(), cap.max() * 1_000L, NOBODY);
    }

    /**
     * The same leases, as the holder of one of them sees them, or who queues for it.
     *
     * @param id the lease
     * @return the arithmetic of a charge
     */
    public ConcurrencyLeases forLease(long id) {
        return new ConcurrencyLeases(lease, most, id);
    }

    @Override
    public ConcurrencyLeases asLeases() {
        return this;
    }

    /** The lease of the charge that this is the arithmetic of; 0 for nobody's. */
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

    /** Drops what ran out. After a clock was set back for good, nothing lasts longer than a lease from now. */
    @Override
    public long[] advance(long[] state, long now) {
        long time = clockMovedBack(state, now) ? now : Math.max(now, state[TIME]);
        long[] live = new long[state.length];
        live[TIME] = time;
        int length = FIRST;
        for (int i = FIRST; i < state.length; i += ENTRY) {
            if (state[i + END] > time) {
                System.arraycopy(state, i, live, length, ENTRY);
                live[length + END] =
                        clockMovedBack(state, now) ? Math.min(state[i + END], time + lease) : state[i + END];
                length += ENTRY;
            }
        }
        return Arrays.copyOf(live, length);
    }

    @Override
    public boolean isFull(long[] state) {
        return state.length == FIRST;
    }

    /**
     * Tells the instant, what is left for those who come later, the ticks until the cost fits, and the ticks until all leases
     * run out. What the lease itself holds or queues for is not counted.
     */
    @Override
    public void observe(long[] state, long now, long cost, Observations observations, int rate) {
        int own = find(state);
        long others = entries(state)
                .filter(i -> i != own)
                .mapToLong(i -> cost(state, i))
                .sum();
        long wait = cost > most ? 0 : untilFree(state, cost);
        observations.set(rate, state[TIME], most - others, wait, ticksUntilFull(state));
    }

    /** Nothing follows, because nobody knows when a call ends. */
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

    /** Holds the lease, for which it waits no more. */
    @Override
    public long[] consume(long[] state, long cost, long granted) {
        return with(without(state), cost);
    }

    /**
     * Queues for the lease, or stays in the queue, for another lease time.
     *
     * @param state brought up to now
     * @param cost thousandths
     * @return the next state
     */
    public long[] enqueue(long[] state, long cost) {
        return cost == 0 || id == NOBODY ? state : find(state) > 0 ? renew(state) : with(state, -cost);
    }

    /**
     * Makes the lease last for another lease time, if it is still held or queued for.
     *
     * @param state brought up to now
     * @return the next state
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
     * Leaves the queue; who holds the lease keeps it.
     *
     * @param state brought up to now
     * @return the next state, the same if the lease was not queued for
     */
    public long[] leaveQueue(long[] state) {
        int own = find(state);
        return own > 0 && isWaiting(state, own) ? without(state) : state;
    }

    /**
     * Tells what became of the lease.
     *
     * @param state brought up to now
     * @return whether it is held, queued for or lost
     */
    public LeaseState leaseState(long[] state) {
        int own = find(state);
        if (own < 0) {
            return LeaseState.LOST;
        }
        if (!isWaiting(state, own)) {
            return LeaseState.HELD;
        }
        long ahead = ahead(state).mapToLong(i -> cost(state, i)).sum();
        return ahead + cost(state, own) <= most ? LeaseState.READY : LeaseState.WAITING;
    }

    /**
     * Tells whose turn it is.
     *
     * @param state brought up to now
     * @return the leases of those who queue that fit now, in their order
     */
    public long[] readyLeases(long[] state) {
        LongStream.Builder ready = LongStream.builder();
        long taken = entries(state)
                .filter(i -> !isWaiting(state, i))
                .mapToLong(i -> cost(state, i))
                .sum();
        for (int i = FIRST; i < state.length && taken <= most; i += ENTRY) {
            if (isWaiting(state, i)) {
                taken += cost(state, i);
                if (taken <= most) {
                    ready.add(state[i]);
                }
            }
        }
        return ready.build().toArray();
    }

    /** Nothing: a call that runs owes nothing. */
    @Override
    public long[] debit(long[] state, long cost) {
        return state;
    }

    /** Ends the lease, or leaves the queue; of a lease of several tokens, gives part of them back. */
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
        return Math.min(most, entries(state).mapToLong(i -> cost(state, i)).sum());
    }

    /** What was taken otherwise becomes a lease that nobody holds, and so runs out. */
    @Override
    public long[] fullWithUsed(long out, long now) {
        return out == 0 ? full(now) : new long[] {now, NOBODY, Math.min(most, out), now + lease};
    }

    /** Leases go on, however long those of the other last. */
    @Override
    public boolean canMigrateFrom(RateAlgorithm other) {
        return other instanceof ConcurrencyLeases;
    }

    /** Never: what runs at the same time says nothing of what comes in a time. */
    @Override
    public boolean isRedundantBeside(RateAlgorithm stricter) {
        return false;
    }

    /** Nothing while anything is held: to evict a held lease would admit one call more. */
    @Override
    public double fullness(long[] state) {
        return isFull(state) ? 1 : 0;
    }

    @Override
    public long ticksUntilFull(long[] state) {
        return entries(state).mapToLong(i -> state[i + END] - state[TIME]).max().orElse(0);
    }

    @Override
    public long ticksUntilAdmitted(Observations observations, int rate, long cost) {
        return cost > most ? NEVER : cost == 0 ? 0 : observations.get(rate, WAIT);
    }

    /** Nothing is promised, however long the wait. */
    @Override
    public long waitWithin(Duration maxWait) {
        return 0;
    }

    @Override
    public long remaining(Observations observations, int rate, long taken) {
        return Math.max(0, observations.get(rate, FREE) - taken);
    }

    @Override
    public long ticksUntilReset(Observations observations, int rate, long taken, long wait) {
        return taken > 0 ? Math.max(lease, observations.get(rate, UNTIL_FULL)) : observations.get(rate, UNTIL_FULL);
    }

    private long untilFree(long[] state, long cost) {
        long missing = cost + ahead(state).mapToLong(i -> cost(state, i)).sum() - most;
        int[] ends = ahead(state)
                .boxed()
                .sorted(Comparator.comparingLong(i -> state[i + END]))
                .mapToInt(Integer::intValue)
                .toArray();
        long end = state[TIME];
        for (int i = 0; i < ends.length && missing > 0; i++) {
            missing -= cost(state, ends[i]);
            end = state[ends[i] + END];
        }
        return end - state[TIME];
    }

    /** The places of all leases that others hold, and of those that are queued before this one, if it is queued. */
    private IntStream ahead(long[] state) {
        int own = find(state);
        boolean queued = own > 0 && isWaiting(state, own);
        return entries(state).filter(i -> i != own && !(queued && i > own && isWaiting(state, i)));
    }

    private static IntStream entries(long[] state) {
        return IntStream.iterate(FIRST, i -> i < state.length, i -> i + ENTRY);
    }

    private static long cost(long[] state, int entry) {
        return Math.abs(state[entry + COST]);
    }

    /** The cost of what is queued is stored as a negative number. */
    private static boolean isWaiting(long[] state, int entry) {
        return state[entry + COST] < 0;
    }

    /** The place of the lease; -1 if there is none. */
    private int find(long[] state) {
        for (int i = FIRST; i < state.length && id != NOBODY; i += ENTRY) {
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
