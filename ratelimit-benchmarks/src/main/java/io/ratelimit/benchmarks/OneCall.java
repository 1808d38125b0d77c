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

/** Measures the calls of a {@link CallTable}. All threads use one key. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@SuppressWarnings("NullAway.Init")
public class OneCall {

    /** The table. */
    @Param
    public CallTable table;

    /** The name of a contender of the table; there is no default. */
    @Param("")
    public String contender;

    private CheckedCall call;

    /** Opens the limiter. */
    @Setup
    public void open() {
        call = table.contender(contender).open(new String("user-42"));
    }

    /**
     * Makes one call.
     *
     * @return a figure of the answer, for JMH to consume
     */
    @Benchmark
    public double call() {
        return call.make();
    }
}
