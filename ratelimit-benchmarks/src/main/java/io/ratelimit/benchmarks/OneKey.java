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

/** Measures calls of all threads with one key. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@SuppressWarnings("NullAway.Init")
public class OneKey {

    /** The contender that is called. */
    @Param
    public InMemoryContender contender;

    /** The limit: {@link BenchmarkLimit#PLENTY} admits each call, {@link BenchmarkLimit#EXHAUSTED} rejects it. */
    @Param({"PLENTY", "EXHAUSTED"})
    public BenchmarkLimit limit;

    private final String key = new String("user-42");
    private Limiter limiter;

    /** Opens the limiter and consumes its first token. */
    @Setup
    public void open() {
        limiter = contender.open(limit);
        limiter.tryAcquire(key);
    }

    /**
     * Makes one call.
     *
     * @return the result, for JMH to consume
     */
    @Benchmark
    public boolean tryAcquire() {
        return limit.checked(limiter.tryAcquire(key));
    }
}
