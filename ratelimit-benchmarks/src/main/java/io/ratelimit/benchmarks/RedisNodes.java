package io.ratelimit.benchmarks;

import io.ratelimit.test.redis.RedisServer;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/** The nodes of one contender with one limit, and keys that only they use. */
final class RedisNodes implements AutoCloseable {

    private static final int FILLERS = 32;

    private final InetSocketAddress redis;
    private final RedisContender contender;
    private final BenchmarkLimit limit;
    private final List<RedisLimiter> limiters = new ArrayList<>();
    private final List<String> keys;
    private int known;

    RedisNodes(InetSocketAddress redis, RedisContender contender, BenchmarkLimit limit) {
        this.redis = redis;
        this.contender = contender;
        this.limit = limit;
        this.keys = IntStream.range(0, RedisWorkload.MANY_KEYS)
                .mapToObj(i -> String.format("user-%d%d%07d", limit.ordinal(), contender.ordinal(), i))
                .toList();
    }

    /** {@return the address of a server, for contenders in this or another JVM} */
    static InetSocketAddress address(RedisServer redis) {
        return InetSocketAddress.createUnresolved(redis.host(), redis.port());
    }

    /** Connects nodes and calls each key once, so that one-time costs are not measured. */
    void prepare(int nodes, int keysWanted) throws InterruptedException {
        while (limiters.size() < nodes) {
            RedisLimiter limiter = contender.open(redis, limit);
            limiters.add(limiter);
            limiter.tryAcquire(keys.get(0));
        }
        if (known < keysWanted) {
            fill(keysWanted);
            known = keysWanted;
        }
    }

    List<RedisLimiter> limiters(int nodes) {
        return limiters.subList(0, nodes);
    }

    List<String> keys(int wanted) {
        return keys.subList(0, wanted);
    }

    @Override
    public void close() {
        limiters.forEach(RedisLimiter::close);
    }

    private void fill(int upTo) throws InterruptedException {
        List<Thread> fillers = IntStream.range(0, FILLERS)
                .mapToObj(filler -> new Thread(() -> {
                    for (int i = filler; i < upTo; i += FILLERS) {
                        limiters.get(0).tryAcquire(keys.get(i));
                    }
                }))
                .toList();
        fillers.forEach(Thread::start);
        for (Thread filler : fillers) {
            filler.join();
        }
    }
}
