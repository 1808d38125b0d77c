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

/** Measures calls of an advised method of a bean. All threads use one key, and every call is admitted. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@SuppressWarnings("NullAway.Init")
public class AnnotatedMethod {

    /** The contender whose advice is measured. */
    @Param
    public AnnotatedContender contender;

    private final String userId = new String("user-42");
    private final SearchRequest request = new SearchRequest(new SearchUser(userId), 250);
    private AnnotatedCall call;

    /** Starts the application. */
    @Setup
    public void open() {
        call = contender.open();
    }

    /**
     * Makes one call.
     *
     * @return the result of the method, for JMH to consume
     */
    @Benchmark
    public String call() {
        return call.search(userId, request);
    }
}
