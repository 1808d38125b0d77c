package io.ratelimit.benchmarks;

import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.infra.ThreadParams;

/** Measures calls with keys out of a million, all of which already have a bucket. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@SuppressWarnings("NullAway.Init")
public class ManyKeys {

    private static final int KEYS = 1_000_000;
    private static final int CALLS = 1 << 22;

    /** The contender that is called. */
    @Param
    public InMemoryContender contender;

    /** The popularity of the keys. */
    @Param
    public Popularity popularity;

    private final BenchmarkLimit limit = BenchmarkLimit.PLENTY_EACH;
    private final String[] keys = new String[KEYS];
    private int[] order;
    private Limiter limiter;

    /** Opens the limiter and calls it once with each key. */
    @Setup
    public void open() {
        order = popularity.draw(CALLS, KEYS);
        limiter = contender.open(limit);
        for (int i = 0; i < KEYS; i++) {
            keys[i] = "user-" + i;
            limiter.tryAcquire(keys[i]);
        }
    }

    /**
     * Makes one call with the next key of the thread.
     *
     * @param cursor the position of the thread in the order of calls
     * @return the result, for JMH to consume
     */
    @Benchmark
    public boolean tryAcquire(Cursor cursor) {
        return limit.checked(limiter.tryAcquire(keys[order[cursor.next++ & (CALLS - 1)]]));
    }

    /** The position of a thread in the order of calls. Threads start far apart. */
    @State(Scope.Thread)
    public static class Cursor {

        private int next;

        /**
         * Moves to the start position of the thread.
         *
         * @param threads the index of the thread, and the number of threads
         */
        @Setup
        public void begin(ThreadParams threads) {
            next = CALLS / threads.getThreadCount() * threads.getThreadIndex();
        }
    }
}
