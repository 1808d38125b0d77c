package io.ratelimit.algorithm;

/**
 * An exact sliding window: a log of when tokens were consumed and how many.
 *
 * <p>With N tokens a period W, an entry (u, n) says that n tokens were consumed at the instant u. It counts while u
 * &gt; t − W. A call of n tokens fits if they and all entries that count are at most N together. So no window of length
 * W ever holds more than N, wherever it begins: {@code 5/10m} is five in any ten minutes, where a token bucket may
 * admit ten. With calls of one token at 0, 1, 2, 3 and 4 minutes, a sixth call at 5 minutes fits 5 minutes later, when
 * the first entry leaves the window.
 *
 * <p>The price is memory: two numbers for each instant at which tokens were consumed, however large the cost, and up to
 * half as much again as room for more. The algorithm is known as sliding window log, for instance from Figma's and
 * Cloudflare's articles on rate limiting.
 *
 * <p>A reservation is an entry with a future instant. It counts at once, and no grant is earlier than a reservation
 * made before it, so the log stays in order.
 */
final class SlidingWindowLog implements RateAlgorithm {

    private static final int TIME = 0;
    /** The tokens of all entries. */
    private static final int SUM = 1;
    /** The index of the first entry. Those before it have left the window, and make room for others. */
    private static final int FROM = 2;
    /** The index after the last entry. */
    private static final int TO = 3;

    private static final int FIRST = 4;
    private static final int ENTRY = 2;
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
        return new long[] {now, 0, FIRST, FIRST};
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
        int first = firstLive(state, time);
        state[SUM] -= sum(state, first);
        state[FROM] = first;
        state[TIME] = time;
        return state;
    }

    /** Returns the index of the first entry that is in the window at the given time. */
    private int firstLive(long[] state, long time) {
        int first = (int) state[FROM];
        while (first < state[TO] && state[first] <= time - period) {
            first += ENTRY;
        }
        return first;
    }

    /** Returns the tokens of the entries before an index. */
    private static long sum(long[] state, int before) {
        long sum = 0;
        for (int i = (int) state[FROM]; i < before; i += ENTRY) {
            sum += state[i + 1];
        }
        return sum;
    }

    private long[] redated(long[] state, long now) {
        long[] redated = full(now);
        for (int i = (int) state[FROM]; i < state[TO]; i += ENTRY) {
            redated = consume(redated, state[i + 1], Math.min(state[i], now));
        }
        return redated;
    }

    @Override
    public boolean isFull(long[] state) {
        return state[FROM] == state[TO];
    }

    /** Records the free tokens, the ticks until the cost fits, and the ticks until the log is empty. */
    @Override
    public void observe(long[] state, long now, long cost, Observations observations, int rate) {
        long time = Math.max(now, state[TIME]);
        int first = firstLive(state, time);
        long free = most - state[SUM] + sum(state, first);
        long wait = first == state[TO] ? 0 : earliest(state, first, time, free, cost) - time;
        long untilFull = first == state[TO] ? 0 : last(state) + period - time;
        observations.set(rate, time, free, wait, untilFull);
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
        if (!isFull(state) && last(state) == granted) {
            state[(int) state[TO] - 1] += cost;
            state[SUM] += cost;
            return state;
        }
        long[] next = withRoom(state);
        int to = (int) next[TO];
        next[to] = granted;
        next[to + 1] = cost;
        next[TO] = to + ENTRY;
        next[SUM] += cost;
        return next;
    }

    /**
     * Returns the state with room for another entry. If there is none, the entries move to the front of the array. They
     * move to a new array if they fill more than two thirds of it then, and whenever they fill less than a sixth.
     */
    private static long[] withRoom(long[] state) {
        int from = (int) state[FROM];
        int live = (int) state[TO] - from;
        int wanted = live + Math.max(ENTRY, live / (2 * ENTRY) * ENTRY);
        int present = state.length - FIRST;
        boolean tooLarge = present / 4 > wanted;
        if (state[TO] < state.length && !tooLarge) {
            return state;
        }
        long[] next = present >= wanted && !tooLarge ? state : new long[FIRST + wanted];
        System.arraycopy(state, 0, next, 0, FIRST);
        System.arraycopy(state, from, next, FIRST, live);
        next[FROM] = FIRST;
        next[TO] = FIRST + live;
        return next;
    }

    @Override
    public long[] debit(long[] state, long cost) {
        long owing = Math.min(cost, 2 * most - state[SUM]);
        return owing <= 0
                ? state
                : consume(state, owing, isFull(state) ? state[TIME] : Math.max(state[TIME], last(state)));
    }

    @Override
    public long[] refund(long[] state, long cost, long granted) {
        for (int i = (int) state[FROM]; i < state[TO]; i += ENTRY) {
            if (state[i] == granted) {
                long refunded = Math.min(state[i + 1], cost);
                state[i + 1] -= refunded;
                state[SUM] -= refunded;
                if (state[i + 1] == 0) {
                    remove(state, i);
                }
                return state;
            }
        }
        return state;
    }

    private static void remove(long[] state, int entry) {
        int next = entry + ENTRY;
        System.arraycopy(state, next, state, entry, (int) state[TO] - next);
        state[TO] -= ENTRY;
    }

    @Override
    public long used(long[] state) {
        return Math.min(most, state[SUM]);
    }

    @Override
    public long[] fullWithUsed(long used, long now) {
        return used == 0 ? full(now) : consume(full(now), Math.min(most, used), now);
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
    private long earliest(long[] state, int first, long time, long free, long cost) {
        if (cost == 0 || cost > most) {
            return time;
        }
        long fits = time;
        long missing = cost - free;
        for (int i = first; i < state[TO] && missing > 0; i += ENTRY) {
            missing -= state[i + 1];
            fits = state[i] + period;
        }
        return Math.max(fits, last(state));
    }

    /** Returns the instant of the last entry. */
    private static long last(long[] state) {
        return state[(int) state[TO] - ENTRY];
    }
}
