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

/** Each thread calls with keys out of a million that all have a bucket already. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@SuppressWarnings("NullAway.Init")
public class ManyKeys {

    private static final int KEYS = 1_000_000;
    private static final int CALLS = 1 << 22;

    /** Who answers. */
    @Param
    public InMemoryContender contender;

    /** Which keys are asked for. */
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
     * One call with the next key of the thread.
     *
     * @param cursor where the thread stands
     * @return the answer
     */
    @Benchmark
    public boolean tryAcquire(Cursor cursor) {
        return limit.checked(limiter.tryAcquire(keys[order[cursor.next++ & (CALLS - 1)]]));
    }

    /** Where a thread stands in the order of calls; threads begin far apart. */
    @State(Scope.Thread)
    public static class Cursor {

        private int next;

        /**
         * Goes to the thread's own part.
         *
         * @param threads which thread of how many
         */
        @Setup
        public void begin(ThreadParams threads) {
            next = CALLS / threads.getThreadCount() * threads.getThreadIndex();
        }
    }
}
