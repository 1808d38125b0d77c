package io.ratelimit.redis;

import io.ratelimit.Charge;
import io.ratelimit.Limit;
import io.ratelimit.StoreUnavailableException;
import java.time.Duration;

/**
 * Lets an application start only if the store answers a decision. The decision consumes nothing; its answer proves that
 * Redis can be read.
 *
 * <p>The check makes several attempts: the first one connects and loads classes and the script, which may take longer
 * than the timeout of a decision, and a Redis server that starts together with the application needs a moment.
 */
final class RedisStartupCheck {

    static final Duration PATIENCE = Duration.ofSeconds(5);

    private static final Charge NOTHING = new Charge(Limit.of("startup", "1/s"), Charge.SHARED, 0);
    private static final long BETWEEN_ATTEMPTS_MILLIS = 50;

    private RedisStartupCheck() {}

    /**
     * Asks the store until it answers, for at most five seconds after the end of its warm-up, plus the timeout of the
     * last attempt.
     *
     * @throws RedisStartupException if it did not answer; the store is then closed
     */
    static void await(RedisRateLimitStore store) {
        await(store, PATIENCE);
    }

    static void await(RedisRateLimitStore store, Duration patience) {
        store.awaitWarmUp();
        long deadline = System.nanoTime() + patience.toNanos();
        while (true) {
            try {
                store.decide(NOTHING);
                return;
            } catch (StoreUnavailableException ex) {
                if (System.nanoTime() > deadline || !pause()) {
                    store.close();
                    throw new RedisStartupException(ex, patience.toSeconds());
                }
            } catch (RuntimeException | Error ex) {
                store.close();
                throw ex;
            }
        }
    }

    private static boolean pause() {
        try {
            Thread.sleep(BETWEEN_ATTEMPTS_MILLIS);
            return true;
        } catch (InterruptedException ex) {
            Thread.currentThread().interrupt();
            return false;
        }
    }
}
