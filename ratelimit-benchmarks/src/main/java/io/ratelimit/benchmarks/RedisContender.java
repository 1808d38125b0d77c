package io.ratelimit.benchmarks;

import io.github.bucket4j.distributed.proxy.optimization.Optimizations;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.function.BiFunction;

/** A limiter on Redis by its public API, or a floor: the least that a decision on Redis costs. */
enum RedisContender implements Contender {
    /** Ours as the starter makes it: with a memory behind it, and no meters. */
    RATELIMIT("ratelimit", (redis, limit) -> RatelimitOnRedis.open(redis, limit, 0)),
    /** Bucket4j on LettuceConnection. */
    BUCKET4J("Bucket4j", (redis, limit) -> Bucket4jOnRedis.open(redis, limit, null)),
    /** The same with the optimisation that is exact where one process has the key. */
    BUCKET4J_BATCHING(
            "Bucket4j, batching", (redis, limit) -> Bucket4jOnRedis.open(redis, limit, Optimizations.batching())),
    /** The script of Spring Cloud Gateway, called by LettuceConnection without Spring. */
    GATEWAY("Spring Cloud Gateway's script", GatewayScript::open),
    /** Redisson's RRateLimiter. */
    REDISSON("Redisson", RedissonOnRedis::open),
    /** The least that a server is asked. */
    PING_FLOOR("floor: PING", LettucePing::open),
    /** A script that does nothing with its key. */
    SCRIPT_FLOOR(
            "floor: EVALSHA",
            (redis, limit) ->
                    LettuceScript.open(redis, "return 1", key -> new String[] {key}, List.of(), reply -> limit.admits)),
    /** A script that keeps one number for a key: the least that a limiter keeps. */
    NUMBER_FLOOR(
            "floor: one number with an expiry",
            (redis, limit) -> LettuceScript.open(
                    redis,
                    "redis.call('SET', KEYS[1], 1789000000123456, 'PX', 3600000) return 1",
                    key -> new String[] {key},
                    List.of(),
                    reply -> limit.admits)),
    /** Ours with tokens taken ahead. */
    RATELIMIT_PREFETCH(
            "ratelimit, prefetch", (redis, limit) -> RatelimitOnRedis.open(redis, limit, RedisWorkload.PREFETCH)),
    /** Bucket4j, which tells the server later of as many tokens. */
    BUCKET4J_DELAYING(
            "Bucket4j, delaying",
            (redis, limit) -> Bucket4jOnRedis.open(redis, limit, Optimizations.delaying(Bucket4jOnRedis.DELAY))),
    /** The same, with a guess of what other nodes take meanwhile. */
    BUCKET4J_PREDICTING(
            "Bucket4j, predicting",
            (redis, limit) -> Bucket4jOnRedis.open(redis, limit, Optimizations.predicting(Bucket4jOnRedis.DELAY)));

    /** All that are asked for decisions, the floors last. */
    static final List<RedisContender> DECIDING =
            List.of(RATELIMIT, BUCKET4J, BUCKET4J_BATCHING, GATEWAY, REDISSON, PING_FLOOR, SCRIPT_FLOOR);

    /** Those that are asked by many nodes at once. */
    static final List<RedisContender> ON_SEVERAL_NODES = List.of(RATELIMIT, BUCKET4J_BATCHING, SCRIPT_FLOOR);

    /** All that keep something for a key, the floor last. */
    static final List<RedisContender> STORING = List.of(RATELIMIT, BUCKET4J, GATEWAY, REDISSON, NUMBER_FLOOR);

    /** Those that answer without the server most of the time, the floor last. */
    static final List<RedisContender> PREFETCH =
            List.of(RATELIMIT_PREFETCH, BUCKET4J_DELAYING, BUCKET4J_PREDICTING, SCRIPT_FLOOR);

    /** Those of them that answer every async caller. */
    static final List<RedisContender> PREFETCH_ASYNC = List.of(RATELIMIT_PREFETCH, SCRIPT_FLOOR);

    private final String label;
    private final BiFunction<InetSocketAddress, BenchmarkLimit, RedisLimiter> opened;

    RedisContender(String label, BiFunction<InetSocketAddress, BenchmarkLimit, RedisLimiter> opened) {
        this.label = label;
        this.opened = opened;
    }

    RedisLimiter open(InetSocketAddress redis, BenchmarkLimit limit) {
        return opened.apply(redis, limit);
    }

    @Override
    public String label() {
        return label;
    }
}
