package io.ratelimit.nodes;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import org.springframework.data.redis.core.StringRedisTemplate;

/** A call that is counted on the server while it runs. */
final class Run {

    private static final Executor COUNTING = Executors.newCachedThreadPool();

    private final StringRedisTemplate redis;
    private boolean counted;
    private boolean over;

    Run(StringRedisTemplate redis) {
        this.redis = redis;
    }

    synchronized void begin() {
        if (!over) {
            counted = true;
            uninterrupted(() -> {
                Long running = redis.opsForValue().increment("running");
                redis.opsForValue().increment("began");
                if (running == null || running > Node.AT_ONCE) {
                    redis.opsForValue().increment("too-many");
                }
            });
        }
    }

    synchronized void end() {
        over = true;
        if (counted) {
            counted = false;
            uninterrupted(() -> redis.opsForValue().decrement("running"));
        }
    }

    /** Calls that end by an interrupt are counted nevertheless. */
    private static void uninterrupted(Runnable counting) {
        CompletableFuture.runAsync(counting, COUNTING).join();
    }
}
