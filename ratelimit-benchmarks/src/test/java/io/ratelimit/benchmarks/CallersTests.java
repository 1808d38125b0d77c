package io.ratelimit.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CallersTests {

    private static final Duration MEASURED = Duration.ofMillis(100);

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void eachCallerMakesOneCallAtATime(boolean async) throws InterruptedException {
        Slow slow = new Slow(true);

        RedisMeasurement measurement =
                Callers.run(List.of(slow), List.of("user-1", "user-2"), workload(async), MEASURED);

        assertThat(slow.most).hasValue(4);
        assertThat(measurement.p50()).isBetween(1_000.0, 100_000.0);
        assertThat(measurement.perSecond()).isBetween(1.0, 4_000.0);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void anUnexpectedResultEndsTheRun(boolean async) {
        assertThatIllegalStateException()
                .isThrownBy(() -> Callers.run(List.of(new Slow(false)), List.of("user-1"), workload(async), MEASURED))
                .withMessageContaining("A call failed in: four callers");
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void resultsThatAreAvailableAtOnceAreCounted(boolean async) throws InterruptedException {
        RedisMeasurement measurement =
                Callers.run(List.of(new Immediate()), List.of("user-1"), workload(async), MEASURED);

        assertThat(measurement.perSecond()).isGreaterThan(10_000);
    }

    private static RedisWorkload workload(boolean async) {
        return new RedisWorkload(
                "four callers", List.of(RedisContender.RATELIMIT), BenchmarkLimit.PLENTY_EACH, 1, 1, 4, async);
    }

    /** Completes calls after a millisecond, and records the maximum number of concurrent calls. */
    private static final class Slow implements RedisLimiter {

        private final AtomicInteger underWay = new AtomicInteger();
        private final AtomicInteger most = new AtomicInteger();
        private final boolean answer;

        Slow(boolean answer) {
            this.answer = answer;
        }

        @Override
        public boolean tryAcquire(String key) {
            return tryAcquireAsync(key).toCompletableFuture().join();
        }

        @Override
        public CompletionStage<Boolean> tryAcquireAsync(String key) {
            most.accumulateAndGet(underWay.incrementAndGet(), Math::max);
            Supplier<Boolean> done = () -> {
                underWay.decrementAndGet();
                return answer;
            };
            return CompletableFuture.supplyAsync(done, CompletableFuture.delayedExecutor(1, TimeUnit.MILLISECONDS));
        }

        @Override
        public void close() {}
    }

    private record Immediate() implements RedisLimiter {

        @Override
        public boolean tryAcquire(String key) {
            return true;
        }

        @Override
        public CompletionStage<Boolean> tryAcquireAsync(String key) {
            return CompletableFuture.completedFuture(true);
        }

        @Override
        public void close() {}
    }
}
