package io.ratelimit.redis;

import io.ratelimit.RateLimitStore;
import io.ratelimit.memory.InMemoryRateLimitStore;
import io.ratelimit.remote.RemoteRateLimitStore;
import io.ratelimit.test.RateLimitStoreContract;
import io.ratelimit.test.VirtualClock;
import io.ratelimit.test.redis.RedisExtension;
import io.ratelimit.test.redis.RedisServer;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;

/** The Redis store fulfils the contract while denials are cached, with a clock that advances with the server's. */
@ExtendWith(RedisExtension.class)
@Tag("slow")
@Tag("server")
class CachedDenialsContractTests extends RateLimitStoreContract {

    private final RedisServer redis;

    CachedDenialsContractTests(RedisServer redis) {
        this.redis = redis;
    }

    @Override
    protected RateLimitStore createStore(VirtualClock clock) {
        return RemoteRateLimitStore.builder(VirtualTimeRedis.store(redis, clock), InMemoryRateLimitStore.create())
                .clock(clock)
                .build();
    }

    @Override
    protected RateLimitStore createRealTimeStore() {
        redis.command("FLUSHALL");
        return RemoteRateLimitStore.builder(
                        RedisRateLimitStore.create(TestConnections.lettuce(redis), "contract", Duration.ofSeconds(10)),
                        InMemoryRateLimitStore.create())
                .build();
    }

    @Override
    protected boolean cachesDenials() {
        return true;
    }

    /** Fewer: the store itself is compared at length elsewhere. */
    @Override
    protected int randomDecisions() {
        return super.randomDecisions() / 4;
    }
}
