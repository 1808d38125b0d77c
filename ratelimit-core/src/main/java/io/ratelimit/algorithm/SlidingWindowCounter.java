package io.ratelimit.algorithm;

/**
 * A sliding window that is estimated from two counters.
 *
 * <p>Time is cut into windows of the period W since the epoch. With c tokens consumed in this window and q in the one
 * before, a call of n tokens, at the time e after the start of this window, fits if
 * {@code (c + n)·W + q·(W − e) ≤ N·W}: the previous window counts by the share of it that is still within the period.
 * For example, with {@code 100/m}, 80 tokens in the last minute and 30 in the first 15 s of this one, 30 + 80 · 45/60 =
 * 90 are counted, so ten more fit. This is the counter that Cloudflare described in 2017.
 *
 * <p>In this formula W and e are counted in steps, of which a window has at most 2<sup>20</sup>, so that products stay
 * below 2<sup>53</sup>. The elapsed time is rounded down and W is rounded up to whole steps, so that rounding never
 * admits a call too many.
 *
 * <p><b>It is an estimate.</b> It assumes that the previous window's tokens were consumed evenly. If they were all
 * consumed at its very end, it stops counting a share of them with each step although all of them are still within the
 * period: up to 2N − 1 tokens fit one period. It cannot predict the exact instant of a grant either, and so makes no
 * reservations. Choose it if a log would be too large: it takes three numbers.
 */
final class SlidingWindowCounter implements RateAlgorithm {

    private static final int TIME = 0;
    private static final int CURRENT = 1;
    private static final int PREVIOUS = 2;
    private static final long MOST_STEPS = 1 << 20;
    private static final long FEWEST_STEPS = 1_000;
    private static final long MOST_UNITS = 1L << 52;

    private final long tickNanos;
    private final long period;
    private final long most;
    private final long step;
    private final long steps;

    private SlidingWindowCounter(Rate rate, long most, long mostSteps) {
        this.tickNanos = Rate.tick(rate.period()).toNanos();
        this.period = Rate.ticks(rate.period());
        this.most = most;
        this.step = (period + mostSteps - 1) / mostSteps;
        this.steps = (period + step - 1) / step;
    }

    /**
     * Creates the counters of a rate.
     *
     * @param rate the rate
     * @return the counters
     * @throws InvalidLimitException if the rate has a burst, a period of more than 10,000 days, or 2<sup>42</sup>
     *     thousandths or more a period
     */
    static SlidingWindowCounter of(Rate rate) {
        rate.requireWindow(Algorithm.SLIDING_WINDOW_COUNTER);
        long most = Tokens.exactly(rate.tokens());
        long mostSteps = Math.min(MOST_STEPS, MOST_UNITS / most);
        if (mostSteps < FEWEST_STEPS) {
            throw new InvalidLimitException(
                    "rate",
                    rate,
                    "sliding-window-counter counts at most " + Tokens.text(MOST_UNITS / FEWEST_STEPS)
                            + " tokens a period",
                    "use fewer tokens, or token-bucket");
        }
        return new SlidingWindowCounter(rate, most, mostSteps);
    }

    /** Returns the ticks of a step, in which the elapsed share of a window is counted. */
    @Override
    public long[] encodedFields() {
        return new long[] {step};
    }

    @Override
    public Algorithm algorithm() {
        return Algorithm.SLIDING_WINDOW_COUNTER;
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
    public long longestWait() {
        return 0;
    }

    @Override
    public long[] full(long now) {
        return new long[] {now, 0, 0};
    }

    @Override
    public boolean clockMovedBack(long[] state, long now) {
        return now < state[TIME] - 2 * period;
    }

    @Override
    public long[] advance(long[] state, long now) {
        long windows = windowsSince(state, now);
        state[PREVIOUS] = previous(state, windows);
        state[CURRENT] = current(state, windows);
        state[TIME] = clockMovedBack(state, now) ? now : Math.max(now, state[TIME]);
        return state;
    }

    /** Returns the number of windows that have begun since the instant of a state; none if the clock moved back. */
    private long windowsSince(long[] state, long now) {
        long sinceStart = state[TIME] % period + now - state[TIME];
        return now <= state[TIME] || sinceStart < period ? 0 : sinceStart / period;
    }

    private static long current(long[] state, long windows) {
        return windows == 0 ? state[CURRENT] : 0;
    }

    private static long previous(long[] state, long windows) {
        return windows == 0 ? state[PREVIOUS] : windows == 1 ? state[CURRENT] : 0;
    }

    @Override
    public boolean isFull(long[] state) {
        return state[CURRENT] == 0 && state[PREVIOUS] == 0;
    }

    /** Records both counters. */
    @Override
    public void observe(long[] state, long now, long cost, Observations observations, int rate) {
        long windows = windowsSince(state, now);
        observations.set(rate, Math.max(now, state[TIME]), current(state, windows), previous(state, windows), 0);
    }

    @Override
    public boolean project(
            Observations observations, int rate, long elapsed, long rejected, long cost, Observations later) {
        long now = observations.instant(rate) + elapsed;
        long[] state = {observations.instant(rate), observations.get(rate, CURRENT), observations.get(rate, PREVIOUS)};
        observe(state, now, cost, later, rate);
        return true;
    }

    @Override
    public void spend(Observations observations, int rate, Observations older, long spent) {
        observations.set(rate, CURRENT, observations.get(rate, CURRENT) + spent);
    }

    /** Counts the cost from now on, even if the call waits for another rate. */
    @Override
    public long[] consume(long[] state, long cost, long granted) {
        state[CURRENT] += cost;
        return state;
    }

    @Override
    public long[] debit(long[] state, long cost) {
        long owing = Math.min(cost, most + left(state[CURRENT], state[PREVIOUS], state[TIME] % period));
        state[CURRENT] += Math.max(0, owing);
        return state;
    }

    @Override
    public long[] refund(long[] state, long cost, long granted) {
        long windows = state[TIME] / period - granted / period;
        if (windows == 0) {
            state[CURRENT] = Math.max(0, state[CURRENT] - cost);
        } else if (windows == 1) {
            state[PREVIOUS] = Math.max(0, state[PREVIOUS] - cost);
        }
        return state;
    }

    @Override
    public long used(long[] state) {
        return most - free(state[CURRENT], state[PREVIOUS], state[TIME] % period);
    }

    @Override
    public long[] fullWithUsed(long used, long now) {
        return new long[] {now, Math.min(most, used), 0};
    }

    /** Always false, as an estimate implies nothing about another rate. */
    @Override
    public boolean isRedundantBeside(RateAlgorithm stricter) {
        return false;
    }

    @Override
    public long ticksUntilFull(long[] state) {
        return untilEmpty(state[CURRENT], state[PREVIOUS], state[TIME] % period);
    }

    @Override
    public long ticksUntilAdmitted(Observations observations, int rate, long cost) {
        if (cost > most) {
            return NEVER;
        }
        long current = observations.get(rate, CURRENT);
        long elapsed = observations.instant(rate) % period;
        if (cost == 0 || cost <= free(current, observations.get(rate, PREVIOUS), elapsed)) {
            return 0;
        }
        long inThis = current + cost > most ? period : share(most - current - cost, observations.get(rate, PREVIOUS));
        return inThis < period ? inThis - elapsed : period - elapsed + share(most - cost, current);
    }

    @Override
    public long remaining(Observations observations, int rate, long consumed) {
        return Math.max(
                0,
                free(
                                observations.get(rate, CURRENT),
                                observations.get(rate, PREVIOUS),
                                observations.instant(rate) % period)
                        - consumed);
    }

    @Override
    public long ticksUntilReset(Observations observations, int rate, long consumed, long wait) {
        return untilEmpty(
                observations.get(rate, CURRENT) + consumed,
                observations.get(rate, PREVIOUS),
                observations.instant(rate) % period);
    }

    /** Returns the thousandths that fit now, 0 or more. */
    private long free(long current, long previous, long elapsed) {
        return Math.max(0, left(current, previous, elapsed));
    }

    /** Returns the thousandths that are left; negative for a debt. */
    private long left(long current, long previous, long elapsed) {
        long share = steps - elapsed / step;
        // A counter that was kept for a much larger rate may overflow the product.
        boolean countable = previous <= most || previous <= Long.MAX_VALUE / share;
        long inSight = countable ? previous * share : Long.MAX_VALUE;
        return Math.floorDiv(most * steps - inSight, steps) - current;
    }

    /** Returns the ticks into a window after which the share of the previous one leaves some thousandths free. */
    private long share(long free, long previous) {
        long inSight = previous == 0 ? steps : Math.min(steps, free * steps / previous);
        return Math.min(period, (steps - inSight) * step);
    }

    private long untilEmpty(long current, long previous, long elapsed) {
        return current > 0 ? 2 * period - elapsed : previous > 0 ? period - elapsed : 0;
    }
}
