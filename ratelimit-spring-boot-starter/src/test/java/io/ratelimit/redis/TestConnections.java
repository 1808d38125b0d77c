package io.ratelimit.redis;

import io.ratelimit.test.redis.RedisCluster;
import io.ratelimit.test.redis.RedisSentinels;
import io.ratelimit.test.redis.RedisServer;
import org.springframework.data.redis.connection.RedisClusterConfiguration;
import org.springframework.data.redis.connection.RedisNode;
import org.springframework.data.redis.connection.RedisSentinelConfiguration;
import org.springframework.data.redis.connection.RedisStandaloneConfiguration;
import org.springframework.data.redis.connection.jedis.JedisConnectionFactory;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;

/** The connection factories of an application, for a server or a cluster. */
public final class TestConnections {

    private TestConnections() {}

    /** The factory is not started: the store only uses its settings. */
    public static LettuceConnectionFactory lettuce(RedisServer redis) {
        return lettuce(redis.host(), redis.port());
    }

    public static LettuceConnectionFactory lettuce(String host, int port) {
        return new LettuceConnectionFactory(new RedisStandaloneConfiguration(host, port));
    }

    public static LettuceConnectionFactory lettuce(RedisCluster cluster) {
        return new LettuceConnectionFactory(configuration(cluster));
    }

    /** Started, because the store borrows its connections. The caller destroys it. */
    public static JedisConnectionFactory jedis(RedisServer redis) {
        return jedis(redis.host(), redis.port());
    }

    public static JedisConnectionFactory jedis(String host, int port) {
        return started(new JedisConnectionFactory(new RedisStandaloneConfiguration(host, port)));
    }

    public static JedisConnectionFactory jedis(RedisCluster cluster) {
        return started(new JedisConnectionFactory(configuration(cluster)));
    }

    public static LettuceConnectionFactory lettuce(RedisSentinels group) {
        return new LettuceConnectionFactory(configuration(group));
    }

    public static JedisConnectionFactory jedis(RedisSentinels group) {
        return started(new JedisConnectionFactory(configuration(group)));
    }

    private static JedisConnectionFactory started(JedisConnectionFactory factory) {
        factory.afterPropertiesSet();
        factory.start();
        return factory;
    }

    private static RedisSentinelConfiguration configuration(RedisSentinels group) {
        RedisSentinelConfiguration configuration = new RedisSentinelConfiguration().master(group.masterName());
        group.sentinels().forEach(sentinel -> configuration.sentinel(sentinel.host(), sentinel.port()));
        return configuration;
    }

    private static RedisClusterConfiguration configuration(RedisCluster cluster) {
        RedisClusterConfiguration configuration = new RedisClusterConfiguration();
        cluster.nodes().forEach(node -> configuration.addClusterNode(new RedisNode(node.host(), node.port())));
        return configuration;
    }
}
