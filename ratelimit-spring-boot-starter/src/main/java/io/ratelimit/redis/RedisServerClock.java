package io.ratelimit.redis;

import java.util.concurrent.TimeUnit;

/** The time of day of the server, as its last answer told it; before the first, that of this JVM. */
final class RedisServerClock {

    private volatile long aheadMillis = System.currentTimeMillis() - elapsedMillis();

    /** Milliseconds since the epoch. */
    long millis() {
        return aheadMillis + elapsedMillis();
    }

    void told(long millis) {
        aheadMillis = millis - elapsedMillis();
    }

    private static long elapsedMillis() {
        return TimeUnit.NANOSECONDS.toMillis(System.nanoTime());
    }
}
