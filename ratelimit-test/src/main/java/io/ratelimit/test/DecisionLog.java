package io.ratelimit.test;

import io.ratelimit.algorithm.Rate;
import io.ratelimit.algorithm.Tokens;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * A log of the calls of one bucket, which checks whether a correct token bucket could have made the same decisions.
 *
 * <pre>{@code
 * DecisionLog log = new DecisionLog();
 * long start = System.nanoTime();
 * boolean admitted = limiter.tryAcquire("user-42").admitted();
 * log.add(start, System.nanoTime(), 1000, admitted);
 * assertThat(log.check(Rate.parse("10/s"))).isEqualTo(DecisionLog.Verdict.POSSIBLE);
 * }</pre>
 *
 * <p>A decision can be made at any time between the start and the end of its call, so the log reports only violations
 * that hold for every such time. Thread-safe.
 */
public final class DecisionLog {

    /**
     * The violations that a log proves.
     *
     * @param overAdmissions admitted calls at the end of an interval that admitted more than capacity plus refill
     * @param falseDenials rejected calls for which the bucket had enough tokens, even if the decisions of all other
     *     calls were made at the least favourable times
     */
    public record Verdict(int overAdmissions, int falseDenials) {

        /** The verdict on a log without violations. */
        public static final Verdict POSSIBLE = new Verdict(0, 0);
    }

    private record Call(long start, long end, long cost, boolean admitted) {}

    private final Queue<Call> calls = new ConcurrentLinkedQueue<>();

    /** Creates an empty log. */
    public DecisionLog() {}

    /**
     * Adds a call.
     *
     * @param startNanos the start of the call, on a clock that is monotonic for all threads
     * @param endNanos the end of the call, on the same clock
     * @param cost in thousandths of a token
     * @param admitted the decision
     */
    public void add(long startNanos, long endNanos, long cost, boolean admitted) {
        calls.add(new Call(startNanos, endNanos, cost, admitted));
    }

    /** {@return the tokens of all admitted calls} */
    public double admittedTokens() {
        return Tokens.decimal(
                calls.stream().filter(Call::admitted).mapToLong(Call::cost).sum());
    }

    /**
     * Checks the log against a rate.
     *
     * @param rate the only rate of the bucket, with smooth refill; the bucket was full at the first call
     * @return the violations, or {@link Verdict#POSSIBLE}
     */
    public Verdict check(Rate rate) {
        List<Call> log = List.copyOf(calls);
        Bound bound = new Bound(rate);
        int overAdmissions = (int)
                Arrays.stream(excesses(log, bound)).filter(excess -> excess > 0).count();
        return new Verdict(overAdmissions, falseDenials(log, bound));
    }

    /**
     * Returns the largest number of tokens that any interval admitted beyond capacity plus refill, as far as the log
     * proves it. A store that lost a bucket once, and so started with a full one again, has an excess of at most the
     * capacity.
     *
     * <pre>{@code
     * Rate rate = Rate.parse("10/s");
     * // after fifteen admitted calls of one token at the same time
     * assertThat(log.excess(rate)).isCloseTo(5, within(0.001));
     * }</pre>
     *
     * @param rate the only rate of the bucket, with smooth refill
     * @return tokens, less those that refill within two ticks of the store's clock (a tick is a microsecond, or a
     *     millisecond for periods of a minute or more); 0 if {@link #check} finds no over-admission
     */
    public double excess(Rate rate) {
        List<Call> log = List.copyOf(calls);
        return Arrays.stream(excesses(log, new Bound(rate))).reduce(0, Math::max) / 1000;
    }

    /**
     * Writes the log for other tools: rows {@code start_ns,end_ns,cost,decision} without a header, the cost in tokens,
     * the decision A for admitted or D for denied.
     *
     * @param file the file to write, which is replaced if it exists
     * @throws IOException if it cannot be written
     */
    public void writeCsv(Path file) throws IOException {
        try (BufferedWriter writer = Files.newBufferedWriter(file)) {
            for (Call call : calls) {
                writer.write(call.start + "," + call.end + "," + Tokens.decimal(call.cost) + ","
                        + (call.admitted ? "A" : "D") + "\n");
            }
        }
    }

    /**
     * Capacity and refill in thousandths, with a slack of a tick at both ends of an interval for the ticks of the
     * store.
     */
    private static final class Bound {

        final double capacity;
        final double perNano;
        final double slack;

        Bound(Rate rate) {
            double tickNanos = rate.period().toSeconds() < 60 ? 1e3 : 1e6;
            this.capacity = rate.burst().doubleValue() * 1000;
            this.perNano = rate.tokens().doubleValue() * 1000 / rate.period().toNanos();
            this.slack = perNano * 2 * tickNanos + 1e-3;
        }
    }

    /**
     * Returns the excess of the worst interval that ends with each admitted call, in order of their ends. The excess of
     * the interval from s to e is the cost of the calls that started at or after s and ended by e, less the refill in e
     * − s. So each call adds its cost to every start at or before its own.
     */
    private static double[] excesses(List<Call> log, Bound bound) {
        List<Call> admitted = byEnd(log.stream().filter(Call::admitted).toList());
        long[] starts =
                admitted.stream().mapToLong(Call::start).sorted().distinct().toArray();
        double[] excesses = new double[admitted.size()];
        if (starts.length == 0) {
            return excesses;
        }
        PrefixMaximumTree taken = new PrefixMaximumTree(starts.length);
        for (int i = 0; i < starts.length; i++) {
            taken.set(i, bound.perNano * (starts[i] - starts[0]));
        }
        for (int i = 0; i < excesses.length; i++) {
            Call call = admitted.get(i);
            taken.addUpTo(Arrays.binarySearch(starts, call.start), call.cost);
            double refill = bound.perNano * (call.end - starts[0]);
            double most = taken.maximumUpTo(lastAtOrBefore(starts, call.end)) - refill;
            excesses[i] = most - bound.capacity - bound.slack;
        }
        return excesses;
    }

    /**
     * Counts the rejected calls that the bucket had enough tokens for. Its lowest possible level is the level if every
     * call consumes at its end, less the costs of the calls in progress. It is lowest at the start of the rejected
     * call, or at the start or end of another call during it.
     */
    private static int falseDenials(List<Call> log, Bound bound) {
        List<Call> byEnd = byEnd(log.stream().filter(Call::admitted).toList());
        List<Call> byStart =
                byEnd.stream().sorted(Comparator.comparingLong(Call::start)).toList();
        long[] starts = byStart.stream().mapToLong(Call::start).toArray();
        long[] ends = byEnd.stream().mapToLong(Call::end).toArray();
        double[] begun = sums(byStart);
        double[] ended = sums(byEnd);
        long origin = log.stream().mapToLong(Call::start).min().orElse(0);
        double[] levels = new double[ends.length];
        for (int i = 0; i < ends.length; i++) {
            double before = i == 0 ? bound.capacity : levels[i - 1];
            long since = i == 0 ? origin : ends[i - 1];
            levels[i] = Math.min(bound.capacity, before + bound.perNano * (ends[i] - since)) - byEnd.get(i).cost;
        }
        int violations = 0;
        for (Call call : log) {
            if (call.admitted) {
                continue;
            }
            List<Long> instants = new ArrayList<>(List.of(call.start));
            for (long[] others : List.of(starts, ends)) {
                for (int i = lastAtOrBefore(others, call.start) + 1; i <= lastAtOrBefore(others, call.end); i++) {
                    instants.add(others[i]);
                }
            }
            double lowest = Double.POSITIVE_INFINITY;
            for (long instant : instants) {
                int last = lastAtOrBefore(ends, instant);
                double level = last < 0 ? bound.capacity : levels[last];
                long since = last < 0 ? origin : ends[last];
                double underWay = begun[lastAtOrBefore(starts, instant) + 1] - ended[last + 1];
                double refilled = Math.min(bound.capacity, level + bound.perNano * (instant - since));
                lowest = Math.min(lowest, refilled - underWay);
            }
            violations += lowest - bound.slack >= call.cost ? 1 : 0;
        }
        return violations;
    }

    private static List<Call> byEnd(List<Call> calls) {
        return calls.stream().sorted(Comparator.comparingLong(Call::end)).toList();
    }

    private static double[] sums(List<Call> calls) {
        double[] sums = new double[calls.size() + 1];
        for (int i = 0; i < calls.size(); i++) {
            sums[i + 1] = sums[i] + calls.get(i).cost;
        }
        return sums;
    }

    private static int lastAtOrBefore(long[] sorted, long instant) {
        int low = 0;
        int high = sorted.length;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (sorted[middle] <= instant) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low - 1;
    }
}
