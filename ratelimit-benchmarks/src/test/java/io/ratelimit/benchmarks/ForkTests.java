package io.ratelimit.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

import io.ratelimit.test.redis.RedisServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class ForkTests {

    private static final Duration MEASURED = Duration.ofSeconds(1);

    @Test
    void aContenderInAJvmOfItsOwnIsGivenOneWorkAfterTheOther() throws IOException {
        List<RedisWork> works = RedisWork.all().stream()
                .filter(work -> work.title().startsWith("One hot key, 8 callers"))
                .toList();
        assertThat(works).hasSize(2);
        try (RedisServer redis = RedisServer.start();
                RedisFork fork = RedisFork.of(RedisContender.RATELIMIT, RedisNodes.address(redis))) {
            for (RedisWork work : works) {
                RedisSample sample = fork.sample(work, MEASURED);

                assertThat(sample.perSecond()).as(work.title()).isPositive();
                assertThat(sample.p50()).isPositive().isLessThanOrEqualTo(sample.p99());
            }
            assertThat(redis.command("DBSIZE")).isEqualTo(1L);
        }
    }

    @Test
    void aJvmThatEndsGivesNoSample() throws IOException {
        try (RedisFork fork =
                RedisFork.of(RedisContender.SCRIPT_FLOOR, InetSocketAddress.createUnresolved("localhost", 1))) {
            assertThatIOException()
                    .isThrownBy(() -> fork.sample(RedisWork.all().get(0), MEASURED))
                    .withMessageContaining("ended before it answered \"0 PT1S\"");
        }
    }

    @Test
    void aMainClassThatFailsHasPrintedNothingToGoBy() {
        assertThatIOException()
                .isThrownBy(() -> Fork.run(HeapPerKey.class, List.of(), "NOBODY"))
                .withMessageStartingWith("HeapPerKey failed");
    }

    @Test
    void aSampleIsReadAsItWasWritten() {
        RedisSample sample = new RedisSample(123_456.789, 0.5, 1e6);
        assertThat(RedisSample.parse(sample.toString())).isEqualTo(sample);
    }
}
