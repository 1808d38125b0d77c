package io.ratelimit.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import io.ratelimit.test.redis.RedisServer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class RedisContenderTests {

    private static RedisServer redis;

    @BeforeAll
    static void start() {
        redis = RedisServer.start();
    }

    @AfterAll
    static void end() {
        redis.close();
    }

    @ParameterizedTest
    @EnumSource
    void aContenderAdmitsOrRejectsAccordingToTheLimit(RedisContender contender) {
        for (BenchmarkLimit limit : new BenchmarkLimit[] {BenchmarkLimit.PLENTY_EACH, BenchmarkLimit.EXHAUSTED}) {
            try (RedisLimiter limiter = contender.open(RedisNodes.address(redis), limit)) {
                String key = contender + "-" + limit;
                limiter.tryAcquire(key);

                for (int i = 0; i < 20; i++) {
                    assertThat(limiter.tryAcquire(key)).as("%s", limit).isEqualTo(limit.admits);
                    assertThat(limiter.tryAcquireAsync(key)
                                    .toCompletableFuture()
                                    .join())
                            .as("%s, async", limit)
                            .isEqualTo(limit.admits);
                }
            }
        }
    }
}
