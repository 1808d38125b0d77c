package io.ratelimit.benchmarks;

import io.github.bucket4j.distributed.proxy.optimization.Optimizations;
import io.ratelimit.Limit;
import io.ratelimit.algorithm.Algorithm;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.function.BiFunction;

/** A limiter on Redis, called through its public API, or a floor: the least work that a decision on Redis needs. */
enum RedisContender implements Contender {
    /** Ratelimit as the starter configures it, with an in-memory fallback but without meters. */
    RATELIMIT("ratelimit", (redis, limit) -> RatelimitOnRedis.open(redis, limit, 0)),
    /** Two limits in one call. */
    RATELIMIT_TWO("ratelimit, two limits", (redis, limit) -> RatelimitOnRedis.open(redis, limit.toLimits(2))),
    /** Four limits in one call. */
    RATELIMIT_FOUR("ratelimit, four limits", (redis, limit) -> RatelimitOnRedis.open(redis, limit.toLimits(4))),
    /** Eight limits in one call. */
    RATELIMIT_EIGHT("ratelimit, eight limits", (redis, limit) -> RatelimitOnRedis.open(redis, limit.toLimits(8))),
    /** A bucket that is refilled by intervals. */
    RATELIMIT_INTERVAL(
            "ratelimit, refilled by interval",
            (redis, limit) -> RatelimitOnRedis.open(redis, List.of(AlgorithmCalls.interval(limit)))),
    /** A fixed window. */
    RATELIMIT_WINDOW(
            "ratelimit, fixed window",
            (redis, limit) ->
                    RatelimitOnRedis.open(redis, List.of(AlgorithmCalls.window(limit, Algorithm.FIXED_WINDOW)))),
    /** A sliding-window counter. */
    RATELIMIT_COUNTER(
            "ratelimit, sliding-window counter",
            (redis, limit) -> RatelimitOnRedis.open(
                    redis, List.of(AlgorithmCalls.window(limit, Algorithm.SLIDING_WINDOW_COUNTER)))),
    /** A sliding-window log with about a hundred entries, if a caller makes 12,000 calls a second. */
    RATELIMIT_LOG(
            "ratelimit, sliding-window log, 8 ms of calls",
            (redis, limit) -> RatelimitOnRedis.open(
                    redis,
                    List.of(Limit.named("benchmark")
                            .rates(limit.admits ? "10000/8ms" : "1/1d")
                            .algorithm(Algorithm.SLIDING_WINDOW)
                            .build()))),
    /** Bucket4j on Lettuce. */
    BUCKET4J("Bucket4j", (redis, limit) -> Bucket4jOnRedis.open(redis, limit, null)),
    /** Bucket4j with the optimization that is exact if a single process uses the key. */
    BUCKET4J_BATCHING(
            "Bucket4j, batching", (redis, limit) -> Bucket4jOnRedis.open(redis, limit, Optimizations.batching())),
    /** The script of Spring Cloud Gateway, called through Lettuce without Spring. */
    GATEWAY("Spring Cloud Gateway's script", GatewayScript::open),
    /** Redisson's {@code RRateLimiter}. */
    REDISSON("Redisson", RedissonOnRedis::open),
    /** The cheapest command of a server. */
    PING_FLOOR("floor: PING", LettucePing::open),
    /** A script that does not use its key. */
    SCRIPT_FLOOR(
            "floor: EVALSHA",
            (redis, limit) ->
                    LettuceScript.open(redis, "return 1", key -> new String[] {key}, List.of(), reply -> limit.admits)),
    /** A script that reads the time and a number, and writes a number with an expiry: the least exact decision. */
    STATE_FLOOR(
            "floor: EVALSHA of TIME, GET, SET",
            (redis, limit) -> LettuceScript.open(
                    redis,
                    "local now = redis.call('TIME') local value = redis.call('GET', KEYS[1]) "
                            + "redis.call('SET', KEYS[1], now[1] * 1000000 + now[2], 'PX', 3600000) return 1",
                    key -> new String[] {key},
                    List.of(),
                    reply -> limit.admits)),
    /** A script that stores one number for a key: the least state of a limiter. */
    NUMBER_FLOOR(
            "floor: one number with an expiry",
            (redis, limit) -> LettuceScript.open(
                    redis,
                    "redis.call('SET', KEYS[1], 1789000000123456, 'PX', 3600000) return 1",
                    key -> new String[] {key},
                    List.of(),
                    reply -> limit.admits)),
    /** Ratelimit with a prefetch. */
    RATELIMIT_PREFETCH(
            "ratelimit, prefetch", (redis, limit) -> RatelimitOnRedis.open(redis, limit, RedisWorkload.PREFETCH)),
    /** Bucket4j, which reports consumed tokens to the server later. */
    BUCKET4J_DELAYING(
            "Bucket4j, delaying",
            (redis, limit) -> Bucket4jOnRedis.open(redis, limit, Optimizations.delaying(Bucket4jOnRedis.DELAY))),
    /** Bucket4j with delayed reports and a prediction of the tokens that other nodes consume. */
    BUCKET4J_PREDICTING(
            "Bucket4j, predicting",
            (redis, limit) -> Bucket4jOnRedis.open(redis, limit, Optimizations.predicting(Bucket4jOnRedis.DELAY)));

    /** All contenders that ask the server for each decision, followed by the floors. */
    static final List<RedisContender> DECIDING =
            List.of(RATELIMIT, BUCKET4J, BUCKET4J_BATCHING, GATEWAY, REDISSON, PING_FLOOR, SCRIPT_FLOOR, STATE_FLOOR);

    /** Calls of one and of several limits, followed by the floors. */
    static final List<RedisContender> LIMITS =
            List.of(RATELIMIT, RATELIMIT_TWO, RATELIMIT_FOUR, RATELIMIT_EIGHT, SCRIPT_FLOOR, STATE_FLOOR);

    /** Calls of the algorithms other than the smooth token bucket. */
    static final List<RedisContender> ALGORITHMS =
            List.of(RATELIMIT_INTERVAL, RATELIMIT_WINDOW, RATELIMIT_COUNTER, RATELIMIT_LOG);

    /** The contenders that are called on several nodes at the same time. */
    static final List<RedisContender> ON_SEVERAL_NODES = List.of(RATELIMIT, BUCKET4J_BATCHING, SCRIPT_FLOOR);

    /** All contenders that store state for a key, followed by the floor. */
    static final List<RedisContender> STORING = List.of(RATELIMIT, BUCKET4J, GATEWAY, REDISSON, NUMBER_FLOOR);

    /** The contenders that answer most calls without the server, followed by the floor. */
    static final List<RedisContender> PREFETCH =
            List.of(RATELIMIT_PREFETCH, BUCKET4J_DELAYING, BUCKET4J_PREDICTING, SCRIPT_FLOOR);

    /** The contenders of {@link #PREFETCH} that complete every asynchronous call. */
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
