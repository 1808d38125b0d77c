package io.ratelimit.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GrowthTests {

    private static final Duration MEASURED = Duration.ofMillis(10);

    @Test
    void callsAreNumberedWithoutAGap() {
        AtomicLong calls = new AtomicLong();

        CallTimes times = CallTimes.of(MEASURED, number -> assertThat(number).isEqualTo(calls.getAndIncrement()));

        assertThat(calls.get()).isGreaterThan(128);
        assertThat(times.nanos()).isPositive();
        assertThat(times.p999Micros()).isNotNegative();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 1000, 10_000_000})
    void scatteredIndicesReachAllPartsOfTheRange(int bound) {
        double mean = LongStream.range(0, 10_000)
                .map(number -> CallTimes.scattered(number, bound))
                .peek(index -> assertThat(index).isBetween(0L, bound - 1L))
                .average()
                .orElseThrow();

        assertThat(mean).isBetween((bound - 1) * 0.49, (bound - 1) * 0.51);
    }

    @Test
    void theRatesOfAllThreadsAreAddedUp() throws InterruptedException, ExecutionException {
        List<Double> figures =
                GrowthOfThreads.figures(InMemoryContender.RATELIMIT, 3, MEASURED, thread -> "user-" + thread);

        assertThat(figures).hasSize(2).allSatisfy(figure -> assertThat(figure).isNotNegative());
    }
}
