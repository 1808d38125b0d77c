package io.ratelimit.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ratelimit.Charge;
import io.ratelimit.Limit;
import io.ratelimit.StoreUnavailableException;
import io.ratelimit.autoconfigure.ReducedClassPath;
import io.ratelimit.test.redis.RedisExtension;
import io.ratelimit.test.redis.RedisServer;
import io.ratelimit.test.redis.TcpProxy;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.data.redis.connection.jedis.JedisConnectionFactory;

/** Applications that have Jedis. */
@Tag("compatibility")
@ExtendWith(RedisExtension.class)
class SpringDataScriptClientTests {

    private static final Limit LIMIT = Limit.of("slow", "10/h");

    @Test
    void jedisDecidesResetsAndLoadsTheScriptAgainAfterAFlush(RedisServer redis) {
        redis.command("FLUSHALL");
        JedisConnectionFactory jedis = TestConnections.jedis(redis);
        try (RedisRateLimitStore store = RedisRateLimitStore.create(jedis, "ratelimit", Duration.ofSeconds(5))) {
            assertThat(store.decide(new Charge(LIMIT, "a", 10_000)).admitted()).isTrue();
            redis.command("SCRIPT", "FLUSH");
            assertThat(store.decide(new Charge(LIMIT, "a", 1000)).admitted()).isFalse();
            store.reset(LIMIT, "a");
            assertThat(store.decideAsync(List.of(new Charge(LIMIT, "a", 1000)), Duration.ZERO)
                            .toCompletableFuture()
                            .join()
                            .remaining())
                    .isEqualTo(9);
        } finally {
            jedis.destroy();
        }
    }

    @Test
    void jedisSendsTheScriptWithoutItsFirstLineToAnOldServer() {
        try (RedisServer old = RedisServer.startEmbedded()) {
            JedisConnectionFactory jedis = TestConnections.jedis(old);
            try (RedisRateLimitStore store = RedisRateLimitStore.create(jedis, "ratelimit", Duration.ofSeconds(5))) {
                assertThat(store.decide(new Charge(LIMIT, "a", 1000)).remaining())
                        .isEqualTo(9);
            } finally {
                jedis.destroy();
            }
        }
    }

    @Test
    void jedisStopsAskingADemotedMasterOlderThanVersionSeven(RedisServer redis) throws Exception {
        try (RedisServer old = RedisServer.startEmbedded();
                TcpProxy proxy = TcpProxy.to(old.host(), old.port())) {
            JedisConnectionFactory jedis = TestConnections.jedis(old.host(), proxy.port());
            try (RedisRateLimitStore store = RedisRateLimitStore.create(jedis, "ratelimit", Duration.ofSeconds(5))) {
                store.decide(new Charge(LIMIT, "demoted", 1));
                proxy.retarget(redis.host(), redis.port());
                old.command("REPLICAOF", "127.0.0.1", "1");
                assertThatThrownBy(() -> store.decide(new Charge(LIMIT, "demoted", 1)))
                        .hasMessage("Redis could not be asked: it answered READONLY");
                assertThat(store.decide(new Charge(LIMIT, "demoted", 1)).admitted())
                        .isTrue();
            } finally {
                jedis.destroy();
            }
        }
    }

    @Test
    void jedisKeepsNoCallerWaitingBeyondTheDeadline() throws Exception {
        try (RedisServer redis = RedisServer.start();
                TcpProxy proxy = TcpProxy.to(redis.host(), redis.port())) {
            JedisConnectionFactory jedis = TestConnections.jedis(redis.host(), proxy.port());
            try (RedisRateLimitStore store = RedisRateLimitStore.create(jedis, "ratelimit", Duration.ofMillis(250))) {
                store.decide(new Charge(LIMIT, "a", 1000));
                proxy.dropReplies(true);
                for (int i = 0; i < 12; i++) {
                    long start = System.nanoTime();
                    assertThatThrownBy(() -> store.decide(new Charge(LIMIT, "a", 1000)))
                            .isInstanceOf(StoreUnavailableException.class)
                            .hasMessage("Redis could not be asked: no answer within 250 ms");
                    assertThat(System.nanoTime() - start).isLessThan(1_000_000_000);
                }
            } finally {
                jedis.destroy();
            }
        }
    }

    @Test
    void jedisNeedsNoLettuceOnTheClassPath(RedisServer redis) throws Exception {
        try (ReducedClassPath classPath = ReducedClassPath.without("lettuce-", "io.lettuce.core.RedisClient")) {
            assertThat(classPath.call(WithoutLettuce.class, redis.host(), redis.port()))
                    .asString()
                    .startsWith("admitted");
        }
    }

    /** Runs where Lettuce is not on the class path. */
    public record WithoutLettuce(String host, int port) implements Callable<String> {

        @Override
        public String call() {
            JedisConnectionFactory jedis = TestConnections.jedis(host, port);
            try (RedisRateLimitStore store = RedisRateLimitStore.create(jedis, "ratelimit", Duration.ofSeconds(5))) {
                return store.decide(new Charge(LIMIT, "no-lettuce", 1000)).toString();
            } finally {
                jedis.destroy();
            }
        }
    }
}
