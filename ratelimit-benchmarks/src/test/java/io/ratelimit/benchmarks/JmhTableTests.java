package io.ratelimit.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Test;
import org.openjdk.jmh.results.AggregationPolicy;
import org.openjdk.jmh.results.AverageTimeResult;
import org.openjdk.jmh.results.BenchmarkResult;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.IterationResultMetaData;
import org.openjdk.jmh.results.ResultRole;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.results.ScalarResult;

class JmhTableTests {

    private static final Workload WORK = new Workload(
            "One hot key, 2 threads",
            OneKey.class,
            Map.of("limit", "PLENTY"),
            2,
            1,
            List.of(InMemoryContender.GUAVA, InMemoryContender.CAS_FLOOR, InMemoryContender.MAP_FLOOR),
            InMemoryContender.FLOORS,
            Comparison.RATIO);

    private static final Workload WAIT = new Workload(
            "Waiting for 50 µs, 1 thread",
            OneCall.class,
            Map.of("table", "USED_WAITS"),
            1,
            1,
            List.of(InMemoryContender.MAP_FLOOR, InMemoryContender.RATELIMIT),
            List.of(InMemoryContender.MAP_FLOOR),
            Comparison.DIFFERENCE);

    @Test
    void aTableShowsMediansTheirSpreadAndRatiosToEachFloor() {
        String table = JmhTable.of(
                WORK,
                Map.of(
                        InMemoryContender.GUAVA, measurements(24, 120.04, 60, 90, 59),
                        InMemoryContender.CAS_FLOOR, measurements(0, 30, 31, 29),
                        InMemoryContender.MAP_FLOOR, measurements(0, 38, 42)));

        assertThat(table).isEqualTo("""
                        ### One hot key, 2 threads

                        | | ns/op | spread | × CAS | × map + CAS | B/op |
                        |---|--:|--:|--:|--:|--:|
                        | Guava | 75.0 | 59.0–120.0 | 2.50 | 1.88 | 24 |
                        | floor: CAS | 30.0 | 29.0–31.0 | 1.00 | 0.75 | 0 |
                        | floor: map + CAS | 40.0 | 38.0–42.0 | 1.33 | 1.00 | 0 |
                        """);
    }

    @Test
    void aTableOfWaitsShowsTheTimeBeyondThatOfTheFloor() {
        String table = JmhTable.of(
                WAIT,
                Map.of(
                        InMemoryContender.MAP_FLOOR, measurements(0, 110_000),
                        InMemoryContender.RATELIMIT, measurements(400, 112_340)));

        assertThat(table).isEqualTo("""
                        ### Waiting for 50 µs, 1 thread

                        | | ns/op | spread | µs beyond map + CAS | B/op |
                        |---|--:|--:|--:|--:|
                        | floor: map + CAS | 110000.0 | 110000.0–110000.0 | 0.00 | 0 |
                        | ratelimit | 112340.0 | 112340.0–112340.0 | 2.34 | 400 |
                        """);
    }

    @Test
    void aMeasurementIsTheMeanOfTheIterationsOfAFork() {
        IterationResult first = iteration(40);
        IterationResult second = iteration(60);
        first.addResult(allocated(16));
        second.addResult(allocated(32));

        assertThat(Measurement.of(result(first, second))).isEqualTo(new Measurement(50, 24));
    }

    @Test
    void aResultWithoutAnAllocationRateIsRejected() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Measurement.of(result(iteration(40))))
                .withMessageContaining("gc profiler");
    }

    private static List<Measurement> measurements(double bytes, double... nanos) {
        return DoubleStream.of(nanos)
                .mapToObj(each -> new Measurement(each, bytes))
                .toList();
    }

    private static RunResult result(IterationResult... iterations) {
        return new RunResult(null, List.of(new BenchmarkResult(null, List.of(iterations))));
    }

    private static IterationResult iteration(long nanos) {
        IterationResult iteration = new IterationResult(null, null, new IterationResultMetaData(1, 1));
        iteration.addResult(new AverageTimeResult(ResultRole.PRIMARY, "tryAcquire", 1, nanos, TimeUnit.NANOSECONDS));
        return iteration;
    }

    private static ScalarResult allocated(double bytes) {
        return new ScalarResult("gc.alloc.rate.norm", bytes, "B/op", AggregationPolicy.AVG);
    }
}
