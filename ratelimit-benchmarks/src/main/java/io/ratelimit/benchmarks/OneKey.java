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

/** All threads call with one key. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@SuppressWarnings("NullAway.Init")
public class OneKey {

    /** Who answers. */
    @Param
    public InMemoryContender contender;

    /** What it answers: of {@link BenchmarkLimit#PLENTY} yes, of {@link BenchmarkLimit#EXHAUSTED} no. */
    @Param({"PLENTY", "EXHAUSTED"})
    public BenchmarkLimit limit;

    private final String key = new String("user-42");
    private Limiter limiter;

    /** Opens the limiter and takes its first token. */
    @Setup
    public void open() {
        limiter = contender.open(limit);
        limiter.tryAcquire(key);
    }

    /**
     * One call.
     *
     * @return the answer
     */
    @Benchmark
    public boolean tryAcquire() {
        return limit.checked(limiter.tryAcquire(key));
    }
}
