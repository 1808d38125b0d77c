package io.ratelimit.faults;

import io.ratelimit.Charge;
import io.ratelimit.Limit;
import io.ratelimit.algorithm.Algorithm;
import io.ratelimit.memory.InMemoryRateLimitStore;
import io.ratelimit.redis.RedisRateLimitStore;
import io.ratelimit.remote.RemoteRateLimitStore;
import java.time.Duration;
import org.springframework.data.redis.connection.RedisConnectionFactory;

/** A node of an application as the starter wires it, and the limits that it asks for. */
final class Nodes {

    /** A limit that counts exactly and is not refilled during a test. */
    static final Limit COUNTED = Limit.named("counted")
            .rates("1000000/7300d")
            .algorithm(Algorithm.FIXED_WINDOW)
            .build();

    /** A limit with so few tokens that most calls are rejected. */
    static final Limit SCARCE = Limit.of("scarce", "50/s");

    private Nodes() {}

    static RemoteRateLimitStore node(RedisConnectionFactory connections) {
        RedisRateLimitStore redis = RedisRateLimitStore.create(connections, "ratelimit", Duration.ofMillis(250));
        redis.connect();
        return RemoteRateLimitStore.builder(redis, InMemoryRateLimitStore.create())
                .build();
    }

    /** Returns how many of the {@link #COUNTED} thousandths of a key are consumed. */
    static long counted(RemoteRateLimitStore store, String key) {
        double left = store.decide(new Charge(COUNTED, key, 0)).remaining();
        return 1_000_000_000L - Math.round(left * 1000);
    }

    /** The name of a charge's bucket on the server. */
    static String redisKey(Charge charge) {
        return "ratelimit:{" + charge.key() + "}:" + charge.limit().name();
    }
}
