package io.ratelimit.redis;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Proxy;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.springframework.data.redis.connection.RedisClusterConfiguration;
import org.springframework.data.redis.connection.RedisConfiguration;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.data.redis.connection.RedisSentinelConfiguration;
import org.springframework.data.redis.connection.RedisSocketConfiguration;
import org.springframework.data.redis.connection.RedisStandaloneConfiguration;
import org.springframework.data.redis.connection.RedisStaticMasterReplicaConfiguration;
import org.springframework.data.redis.connection.jedis.JedisConnectionFactory;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;

/** The address in the log line at start-up. */
class RedisAddressTests {

    @Test
    void aServerIsNamedWithItsPortAndWithoutUserAndPassword() {
        RedisStandaloneConfiguration server = new RedisStandaloneConfiguration("cache.example", 6380);
        server.setUsername("limits");
        server.setPassword("secret");
        assertThat(RedisAddress.text(server)).isEqualTo("cache.example:6380");
        assertThat(RedisAddress.of(new LettuceConnectionFactory(server)).text()).isEqualTo("cache.example:6380");
        assertThat(RedisAddress.of(new JedisConnectionFactory(server)).text()).isEqualTo("cache.example:6380");
    }

    @Test
    void aClusterIsNamedByTheNodesThatAreConfigured() {
        RedisClusterConfiguration cluster = new RedisClusterConfiguration(List.of("b:7001", "a:7000"));
        assertThat(RedisAddress.of(new LettuceConnectionFactory(cluster)).text())
                .isEqualTo("cluster a:7000, b:7001");
        assertThat(RedisAddress.of(new JedisConnectionFactory(cluster)).text()).isEqualTo("cluster a:7000, b:7001");
    }

    @Test
    void aSentinelGroupIsNamedByItsMasterAndItsSentinels() {
        RedisSentinelConfiguration group = new RedisSentinelConfiguration()
                .master("main")
                .sentinel("a", 26379)
                .sentinel("b", 26380);
        assertThat(RedisAddress.of(new LettuceConnectionFactory(group)).text())
                .isEqualTo("master main of sentinels a:26379, b:26380");
        assertThat(RedisAddress.of(new JedisConnectionFactory(group)).text())
                .isEqualTo("master main of sentinels a:26379, b:26380");
    }

    @Test
    void aSocketIsNamedByItsPathAndReplicatedServersByTheirNodes() {
        assertThat(RedisAddress.text(new RedisSocketConfiguration("/run/redis.sock")))
                .isEqualTo("/run/redis.sock");
        RedisStaticMasterReplicaConfiguration replicated = new RedisStaticMasterReplicaConfiguration("a", 1);
        replicated.addNode("b", 2);
        assertThat(RedisAddress.text(replicated)).isEqualTo("a:1, b:2");
    }

    @Test
    void theAddressOfAnotherConnectionFactoryIsUnknown() {
        RedisConnectionFactory other = (RedisConnectionFactory) Proxy.newProxyInstance(
                getClass().getClassLoader(),
                new Class<?>[] {RedisConnectionFactory.class},
                (proxy, method, arguments) -> null);
        assertThat(RedisAddress.of(other).text()).isEmpty();
        assertThat(RedisAddress.text(new RedisConfiguration() {})).isEmpty();
    }
}
