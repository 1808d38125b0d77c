package io.ratelimit.redis;

import java.util.List;
import java.util.Properties;
import java.util.function.Supplier;
import java.util.stream.StreamSupport;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import org.springframework.data.redis.connection.RedisClusterConnection;
import org.springframework.data.redis.connection.RedisConnection;

/**
 * Logs one warning if a server may evict keys of the store when its memory is full. After an eviction, the bucket is
 * full again.
 *
 * <p>Every policy but {@code noeviction} may do so, because all keys of the store expire. The check runs in the
 * background until the servers have answered {@code INFO memory}, which managed services allow even where they forbid
 * {@code CONFIG}. If that is forbidden as well, nothing is logged.
 */
final class EvictionPolicyCheck implements AutoCloseable {

    private static final Log LOG = LogFactory.getLog(EvictionPolicyCheck.class);
    private static final long BETWEEN_ATTEMPTS_MILLIS = 1_000;
    private static final long LAST_WAIT_MILLIS = 500;
    private static final String SECTION = "memory";
    private static final String UNLIMITED = "0";
    private static final String HARMLESS = "noeviction";

    private final Supplier<RedisConnection> opener;
    private final Thread thread = new Thread(this::ask, "ratelimit-redis-eviction");
    private volatile boolean closed;

    private EvictionPolicyCheck(Supplier<RedisConnection> opener) {
        this.opener = opener;
        thread.setDaemon(true);
    }

    /** Starts the check in the background. */
    static EvictionPolicyCheck begin(Supplier<RedisConnection> opener) {
        EvictionPolicyCheck check = new EvictionPolicyCheck(opener);
        check.thread.start();
        return check;
    }

    /** Stops the check. */
    @Override
    public void close() {
        closed = true;
        thread.interrupt();
        try {
            thread.join(LAST_WAIT_MILLIS);
        } catch (InterruptedException ex) {
            Thread.currentThread().interrupt();
        }
    }

    private void ask() {
        while (!closed) {
            try (RedisConnection redis = opener.get()) {
                warn(memory(redis).stream()
                        .map(EvictionPolicyCheck::evictingPolicy)
                        .filter(policy -> !policy.isEmpty())
                        .distinct()
                        .toList());
                return;
            } catch (RuntimeException ex) {
                String answer = RedisErrorClassifier.answer(ex);
                if (!answer.isEmpty()) {
                    LOG.debug("The maxmemory-policy of Redis is unknown", ex);
                    return;
                }
                pause();
            }
        }
    }

    private static List<Properties> memory(RedisConnection redis) {
        if (!(redis instanceof RedisClusterConnection cluster)) {
            return List.of(known(redis.serverCommands().info(SECTION)));
        }
        return StreamSupport.stream(cluster.clusterCommands().clusterGetNodes().spliterator(), false)
                .filter(node -> node.isMaster() && !node.isMarkedAsFail())
                .map(node -> known(cluster.serverCommands().info(node, SECTION)))
                .toList();
    }

    private static Properties known(@Nullable Properties reply) {
        return reply == null ? new Properties() : reply;
    }

    private static String evictingPolicy(Properties memory) {
        String policy = memory.getProperty("maxmemory_policy", HARMLESS);
        boolean evicts = !policy.equals(HARMLESS)
                && !memory.getProperty("maxmemory", UNLIMITED).equals(UNLIMITED);
        return evicts ? policy : "";
    }

    private static void warn(List<String> policies) {
        if (!policies.isEmpty()) {
            LOG.warn("Redis may evict rate limit keys when its memory is full (maxmemory-policy "
                    + String.join(", ", policies)
                    + "), and an evicted key is a full bucket: its limit starts again. Set maxmemory-policy noeviction, or"
                    + " keep limits on a Redis of their own (ratelimit.redis.connection-factory)");
        }
    }

    private void pause() {
        try {
            Thread.sleep(BETWEEN_ATTEMPTS_MILLIS);
        } catch (InterruptedException ex) {
            closed = true;
        }
    }
}
