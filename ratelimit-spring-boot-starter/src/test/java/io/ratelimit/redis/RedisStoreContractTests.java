package io.ratelimit.redis;

import io.ratelimit.RateLimitStore;
import io.ratelimit.test.RateLimitStoreContract;
import io.ratelimit.test.VirtualClock;
import io.ratelimit.test.redis.RedisExtension;
import io.ratelimit.test.redis.RedisServer;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;

/** The Redis store keeps the contract on a single server. */
@ExtendWith(RedisExtension.class)
@Tag("server")
class RedisStoreContractTests extends RateLimitStoreContract {

    private final RedisServer redis;

    RedisStoreContractTests(RedisServer redis) {
        this.redis = redis;
    }

    @Override
    protected RateLimitStore createStore(VirtualClock clock) {
        return VirtualTimeRedis.store(redis, clock);
    }

    @Override
    protected RateLimitStore createRealTimeStore() {
        redis.command("FLUSHALL");
        return RedisRateLimitStore.create(TestConnections.lettuce(redis), "contract", Duration.ofSeconds(10));
    }

    @Override
    protected boolean ownsWallClock() {
        return true;
    }

    /** Half as many, each of which is a round trip. */
    @Override
    protected int randomDecisions() {
        return super.randomDecisions() / 2;
    }
}
