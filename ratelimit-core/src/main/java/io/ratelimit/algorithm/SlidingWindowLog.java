package io.ratelimit.algorithm;

import java.util.Arrays;

/**
 * An exact sliding window: a log of when tokens were consumed and how many.
 *
 * <p>With N tokens a period W, an entry (u, n) says that n tokens were consumed at the instant u. It counts while u
 * &gt; t − W. A call of n tokens fits if they and all entries that count are at most N together. So no window of length
 * W ever holds more than N, wherever it begins: {@code 5/10m} is five in any ten minutes, where a token bucket may
 * admit ten. With calls of one token at 0, 1, 2, 3 and 4 minutes, a sixth call at 5 minutes fits 5 minutes later, when
 * the first entry leaves the window.
 *
 * <p>The price is memory: two numbers for each instant at which tokens were consumed, however large the cost. The
 * algorithm is known as sliding window log, for instance from Figma's and Cloudflare's articles on rate limiting.
 *
 * <p>A reservation is an entry with a future instant. It counts at once, and no grant is earlier than a reservation
 * made before it, so the log stays in order.
 */
final class SlidingWindowLog implements RateAlgorithm {

    private static final int TIME = 0;
    private static final int FIRST = 1;
    private static final int FREE = 1;
    private static final int WAIT = 2;
    private static final int UNTIL_FULL = 3;

    private final long tickNanos;
    private final long period;
    private final long most;

    private SlidingWindowLog(Rate rate) {
        this.tickNanos = Rate.tick(rate.period()).toNanos();
        this.period = Rate.ticks(rate.period());
        this.most = Tokens.exactly(rate.tokens());
    }

    /**
     * Creates the window of a rate.
     *
     * @param rate the rate
     * @return the window
     * @throws InvalidLimitException if the rate has a burst, as a window holds its tokens, or a period of more than
     *     10,000 days
     */
    static SlidingWindowLog of(Rate rate) {
        rate.requireWindow(Algorithm.SLIDING_WINDOW);
        return new SlidingWindowLog(rate);
    }

    @Override
    public Algorithm algorithm() {
        return Algorithm.SLIDING_WINDOW;
    }

    @Override
    public long tickNanos() {
        return tickNanos;
    }

    @Override
    public long period() {
        return period;
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
        return now < state[TIME] - period;
    }

    /**
     * Drops entries that left the window. If the clock {@linkplain #clockMovedBack moved far back}, future entries are
     * merged into one entry at the current instant.
     */
    @Override
    public long[] advance(long[] state, long now) {
        if (clockMovedBack(state, now)) {
            return redated(state, now);
        }
        long time = Math.max(now, state[TIME]);
        int first = FIRST;
        while (first < state.length && state[first] <= time - period) {
            first += 2;
        }
        long[] live = new long[FIRST + state.length - first];
        live[TIME] = time;
        System.arraycopy(state, first, live, FIRST, state.length - first);
        return live;
    }

    private long[] redated(long[] state, long now) {
        long[] redated = full(now);
        for (int i = FIRST; i < state.length; i += 2) {
            redated = consume(redated, state[i + 1], Math.min(state[i], now));
        }
        return redated;
    }

    @Override
    public boolean isFull(long[] state) {
        return state.length == FIRST;
    }

    /** Records the free tokens, the ticks until the cost fits, and the ticks until the log is empty. */
    @Override
    public void observe(long[] state, long now, long cost, Observations observations, int rate) {
        long free = most - sum(state);
        observations.set(rate, state[TIME], free, earliest(state, free, cost) - state[TIME], ticksUntilFull(state));
    }

    /** Projects only the rejected cost, because the observations do not contain the entries. */
    @Override
    public boolean project(
            Observations observations, int rate, long elapsed, long rejected, long cost, Observations later) {
        if (cost != rejected) {
            return false;
        }
        long free = observations.get(rate, FREE);
        long wait = observations.get(rate, WAIT);
        long untilFull = observations.get(rate, UNTIL_FULL);
        boolean fits = cost <= most && elapsed >= wait;
        later.set(
                rate,
                observations.instant(rate) + elapsed,
                elapsed >= untilFull ? most : fits ? Math.max(free, cost) : free,
                Math.max(0, wait - elapsed),
                Math.max(0, untilFull - elapsed));
        return true;
    }

    @Override
    public void spend(Observations observations, int rate, Observations older, long spent) {
        observations.set(rate, FREE, Math.min(most, observations.get(rate, FREE) - spent));
        if (spent < 0) {
            observations.setInstant(rate, older.instant(rate));
        }
    }

    @Override
    public long[] consume(long[] state, long cost, long granted) {
        int length = state.length;
        if (length > FIRST && state[length - 2] == granted) {
            long[] same = state.clone();
            same[length - 1] += cost;
            return same;
        }
        long[] longer = Arrays.copyOf(state, length + 2);
        longer[length] = granted;
        longer[length + 1] = cost;
        return longer;
    }

    @Override
    public long[] debit(long[] state, long cost) {
        long owing = Math.min(cost, 2 * most - sum(state));
        return owing <= 0
                ? state
                : consume(state, owing, isFull(state) ? state[TIME] : Math.max(state[TIME], last(state)));
    }

    @Override
    public long[] refund(long[] state, long cost, long granted) {
        for (int i = FIRST; i < state.length; i += 2) {
            if (state[i] == granted) {
                long[] next = state.clone();
                next[i + 1] = Math.max(0, state[i + 1] - cost);
                return next[i + 1] > 0 ? next : without(state, i);
            }
        }
        return state;
    }

    @Override
    public long used(long[] state) {
        return Math.min(most, sum(state));
    }

    @Override
    public long[] fullWithUsed(long used, long now) {
        return used == 0 ? full(now) : new long[] {now, now, Math.min(most, used)};
    }

    /**
     * True if one window of this rate is covered by windows of the other rate that together hold at most as many
     * tokens.
     */
    @Override
    public boolean isRedundantBeside(RateAlgorithm stricter) {
        long nanos = period * tickNanos;
        long other = stricter.period() * stricter.tickNanos();
        long windows = nanos / other + (nanos % other == 0 ? 0 : 1);
        return stricter instanceof SlidingWindowLog && stricter.capacityThousandths() <= most / windows;
    }

    @Override
    public long ticksUntilFull(long[] state) {
        return isFull(state) ? 0 : last(state) + period - state[TIME];
    }

    @Override
    public long ticksUntilAdmitted(Observations observations, int rate, long cost) {
        return cost > most ? NEVER : cost == 0 ? 0 : observations.get(rate, WAIT);
    }

    @Override
    public long remaining(Observations observations, int rate, long consumed) {
        return Math.max(0, observations.get(rate, FREE) - consumed);
    }

    @Override
    public long ticksUntilReset(Observations observations, int rate, long consumed, long wait) {
        return consumed > 0 ? wait + period : observations.get(rate, UNTIL_FULL);
    }

    /** Returns the instant at which a cost fits: once enough entries have left, and not before the last reservation. */
    private long earliest(long[] state, long free, long cost) {
        if (isFull(state) || cost == 0 || cost > most) {
            return state[TIME];
        }
        long fits = state[TIME];
        long missing = cost - free;
        for (int i = FIRST; i < state.length && missing > 0; i += 2) {
            missing -= state[i + 1];
            fits = state[i] + period;
        }
        return Math.max(fits, last(state));
    }

    /** Returns the instant of the last entry. */
    private static long last(long[] state) {
        return state[state.length - 2];
    }

    private static long sum(long[] state) {
        long sum = 0;
        for (int i = FIRST; i < state.length; i += 2) {
            sum += state[i + 1];
        }
        return sum;
    }

    private static long[] without(long[] state, int entry) {
        long[] shorter = new long[state.length - 2];
        System.arraycopy(state, 0, shorter, 0, entry);
        System.arraycopy(state, entry + 2, shorter, entry, state.length - entry - 2);
        return shorter;
    }
}
