package io.ratelimit.benchmarks;

import dev.failsafe.RateLimiter;
import io.github.bucket4j.Bucket;
import io.ratelimit.Limit;
import io.ratelimit.memory.InMemoryRateLimitStore;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/**
 * Measures the first call of a JVM: the creation of a limiter and the call itself.
 *
 * <p>The measured code has neither a lambda nor a concatenation of texts of its own, because the first of each costs a
 * JVM more than ten milliseconds. Those of the limiters are measured.
 */
public final class FirstCall {

    static final String TITLE = "The first call, ms";

    private FirstCall() {}

    static String table(RunSettings settings) throws IOException, InterruptedException {
        FigureTable table = new FigureTable(TITLE, List.of("creation", "first call", "both"));
        List<Subject> subjects = new ArrayList<>(Arrays.asList(Subject.values()));
        for (int round = 0; round < settings.rounds(); round++) {
            System.err.println("Round " + (round + 1) + " of " + settings.rounds() + ": " + TITLE);
            for (Subject subject : subjects) {
                table.parse(subject.label, ForkedJvm.run(FirstCall.class, ForkedJvm.OPTIONS, subject.name()));
            }
            Collections.rotate(subjects, -1);
        }
        return table.markdown();
    }

    /**
     * Makes the first call, and prints how many milliseconds its parts took.
     *
     * @param args the {@link Subject}
     */
    public static void main(String... args) {
        Subject subject = Subject.valueOf(args[0]);
        long begun = System.nanoTime();
        Limiter limiter = subject.create();
        long created = System.nanoTime();
        boolean admitted = limiter.tryAcquire("user-42");
        long called = System.nanoTime();
        BenchmarkLimit.PLENTY.checked(admitted);
        System.out.println((created - begun) / 1e6 + " " + (called - created) / 1e6 + " " + (called - begun) / 1e6);
    }

    /** A limiter of ten calls a second, or an application. */
    enum Subject {
        /** Ratelimit: a registry, a definition and a call. */
        RATELIMIT("ratelimit: registry and definition, call") {
            @Override
            Limiter create() {
                io.ratelimit.RateLimiter limiter =
                        InMemoryRateLimitStore.newRegistry().define(Limit.of("benchmark", "10/s"));
                return new Limiter() {
                    @Override
                    public boolean tryAcquire(String key) {
                        return limiter.tryAcquire(key).admitted();
                    }
                };
            }
        },
        /** Failsafe without a map. */
        FAILSAFE("Failsafe, bursty: limiter, call") {
            @Override
            Limiter create() {
                RateLimiter<Object> limiter =
                        RateLimiter.burstyBuilder(10, Duration.ofSeconds(1)).build();
                return new Limiter() {
                    @Override
                    public boolean tryAcquire(String key) {
                        return limiter.tryAcquirePermit();
                    }
                };
            }
        },
        /** Bucket4j without a map. Its builder is given a lambda, as its users do. */
        BUCKET4J("Bucket4j, lock-free: bucket, call") {
            @Override
            Limiter create() {
                Bucket bucket = Bucket.builder()
                        .addLimit(bandwidth -> bandwidth.capacity(10).refillGreedy(10, Duration.ofSeconds(1)))
                        .withNanosecondPrecision()
                        .build();
                return new Limiter() {
                    @Override
                    public boolean tryAcquire(String key) {
                        return bucket.tryConsume(1);
                    }
                };
            }
        },
        /** An annotated method of an application. */
        ANNOTATED("annotated method: start of the application, call") {
            @Override
            Limiter create() {
                return calling(AnnotatedContender.RATELIMIT_KEY.open());
            }
        },
        /** The least advice, without an application. */
        INTERCEPTOR("floor: interceptor + CAS: proxy, call") {
            @Override
            Limiter create() {
                return calling(AnnotatedContender.INTERCEPTOR_CAS_FLOOR.open());
            }
        };

        private final String label;

        Subject(String label) {
            this.label = label;
        }

        abstract Limiter create();

        private static Limiter calling(AnnotatedCall call) {
            SearchRequest request = new SearchRequest(new SearchUser("user-42"), 250);
            return key -> call.search(key, request).equals(key);
        }
    }
}
