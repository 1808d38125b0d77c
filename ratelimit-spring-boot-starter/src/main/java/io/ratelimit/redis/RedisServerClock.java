package io.ratelimit.redis;

import java.util.concurrent.TimeUnit;

/** The estimated time of the server, from its last reply. Before the first reply it is the time of this JVM. */
final class RedisServerClock {

    private volatile long aheadMillis = System.currentTimeMillis() - elapsedMillis();

    /** Returns the time in milliseconds since the epoch. */
    long millis() {
        return aheadMillis + elapsedMillis();
    }

    void synchronize(long millis) {
        aheadMillis = millis - elapsedMillis();
    }

    private static long elapsedMillis() {
        return TimeUnit.NANOSECONDS.toMillis(System.nanoTime());
    }
}
