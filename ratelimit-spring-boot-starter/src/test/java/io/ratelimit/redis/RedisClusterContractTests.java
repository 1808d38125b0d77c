package io.ratelimit.redis;

import io.ratelimit.RateLimitStore;
import io.ratelimit.test.RateLimitStoreContract;
import io.ratelimit.test.VirtualClock;
import io.ratelimit.test.redis.RedisCluster;
import io.ratelimit.test.redis.RedisExtension;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * The Redis store fulfils the contract on a cluster of three masters, with fewer random decisions and a clock that is
 * not set back: a refund of several slots after a rejection has a later time, which no order of whole decisions has.
 */
@ExtendWith(RedisExtension.class)
@Tag("server")
class RedisClusterContractTests extends RateLimitStoreContract {

    private final RedisCluster cluster;

    RedisClusterContractTests(RedisCluster cluster) {
        this.cluster = cluster;
    }

    @Override
    protected RateLimitStore createStore(VirtualClock clock) {
        return VirtualTimeRedis.store(cluster, clock);
    }

    @Override
    protected RateLimitStore createRealTimeStore() {
        cluster.nodes().forEach(node -> node.command("FLUSHALL"));
        return RedisRateLimitStore.create(TestConnections.lettuce(cluster), "contract", Duration.ofSeconds(10));
    }

    @Override
    protected int randomDecisions() {
        return 20_000;
    }

    @Override
    protected boolean waitsForSeveralKeys() {
        return false;
    }
}
