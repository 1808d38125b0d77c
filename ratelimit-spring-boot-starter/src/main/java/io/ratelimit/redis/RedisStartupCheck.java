package io.ratelimit.redis;

import io.ratelimit.Charge;
import io.ratelimit.Limit;
import io.ratelimit.RateLimitStore;
import io.ratelimit.StoreUnavailableException;
import java.time.Duration;

/**
 * Lets an application start only once its store answered a decision, which takes nothing, and so proves that Redis can be
 * read.
 *
 * <p>One attempt is not enough: the first one connects, loads the driver's classes and the script, and may take longer than a
 * decision ever should; and a Redis that is started together with the application needs a moment.
 */
final class RedisStartupCheck {

    static final Duration PATIENCE = Duration.ofSeconds(5);

    private static final Charge NOTHING = new Charge(Limit.of("startup", "1/s"), Charge.SHARED, 0);
    private static final long BETWEEN_ATTEMPTS_MILLIS = 50;

    private RedisStartupCheck() {}

    /**
     * Asks until there is an answer, for five seconds. The last attempt has the store's own deadline.
     *
     * @throws RedisStartupException if there was none; the store is closed then
     */
    static void await(RateLimitStore store) {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (true) {
            try {
                store.decide(NOTHING);
                return;
            } catch (StoreUnavailableException ex) {
                if (System.nanoTime() > deadline || !pause()) {
                    store.close();
                    throw new RedisStartupException(ex, PATIENCE.toSeconds());
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
