package io.ratelimit.benchmarks;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/** Callers of one limiter, each of which makes one call at a time. Measures the time of each call. */
final class Callers {

    private static final int DIGITS = 3;

    private final List<RedisLimiter> limiters;
    private final List<String> keys;
    private final BenchmarkLimit limit;
    private final long begin;
    private final long end;
    private final Histogram nanos = new Histogram(DIGITS);
    private final CountDownLatch running;
    private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();

    private Callers(List<RedisLimiter> nodes, List<String> keys, RedisWorkload workload, Duration measured) {
        this.limiters = nodes;
        this.keys = keys;
        this.limit = workload.limit();
        this.begin = System.nanoTime() + measured.toNanos() / 4;
        this.end = begin + measured.toNanos();
        this.running = new CountDownLatch(workload.callers());
    }

    /** Runs the callers, first for a quarter of the time without measuring, and then for the whole time. */
    static RedisMeasurement run(List<RedisLimiter> nodes, List<String> keys, RedisWorkload workload, Duration measured)
            throws InterruptedException {
        Callers callers = new Callers(nodes, keys, workload, measured);
        for (int i = 0; i < workload.callers(); i++) {
            Caller caller = callers.new Caller(i, workload.callers());
            if (workload.async()) {
                caller.continueCalling();
            } else {
                new Thread(caller::callUntilTheEnd, "caller-" + i).start();
            }
        }
        callers.running.await();
        Throwable thrown = callers.failure.get();
        if (thrown != null) {
            throw new IllegalStateException("A call failed in: " + workload.title(), thrown);
        }
        return RedisMeasurement.of(callers.nanos, measured.toNanos() / 1e9);
    }

    private final class Caller {

        private final RedisLimiter limiter;
        private final Histogram own = new Histogram(DIGITS);
        private int next;

        Caller(int number, int of) {
            this.limiter = limiters.get(number % limiters.size());
            this.next = (int) ((long) keys.size() * number / of);
        }

        void callUntilTheEnd() {
            try {
                long now = System.nanoTime();
                while (now < end) {
                    limit.checked(limiter.tryAcquire(key()));
                    long after = System.nanoTime();
                    record(now, after);
                    now = after;
                }
                stop(null);
            } catch (RuntimeException | Error ex) {
                stop(ex);
            }
        }

        /** Makes calls in a loop as long as results are available at once, so that the stack does not grow. */
        void continueCalling() {
            try {
                long now = System.nanoTime();
                while (now < end) {
                    long called = now;
                    var answer = limiter.tryAcquireAsync(key()).toCompletableFuture();
                    if (!answer.isDone()) {
                        answer.whenComplete((admitted, thrown) -> answered(called, admitted, thrown));
                        return;
                    }
                    limit.checked(answer.join());
                    now = System.nanoTime();
                    record(called, now);
                }
                stop(null);
            } catch (RuntimeException | Error ex) {
                stop(ex);
            }
        }

        private void answered(long called, @Nullable Boolean admitted, @Nullable Throwable thrown) {
            if (thrown != null || admitted == null || admitted != limit.admits) {
                stop(thrown != null ? thrown : new IllegalStateException(limit + " answered " + admitted));
                return;
            }
            record(called, System.nanoTime());
            continueCalling();
        }

        private String key() {
            next = next + 1 < keys.size() ? next + 1 : 0;
            return keys.get(next);
        }

        private void record(long called, long answered) {
            if (answered >= begin && answered < end) {
                own.recordValue(answered - called);
            }
        }

        private void stop(@Nullable Throwable thrown) {
            failure.compareAndSet(null, thrown);
            synchronized (nanos) {
                nanos.add(own);
            }
            running.countDown();
        }
    }
}
