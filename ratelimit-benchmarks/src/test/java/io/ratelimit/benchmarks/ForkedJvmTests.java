package io.ratelimit.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

import io.ratelimit.test.redis.RedisServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class ForkedJvmTests {

    private static final Duration MEASURED = Duration.ofSeconds(1);

    @Test
    void aContenderInItsOwnJvmRunsOneWorkloadAfterTheOther() throws IOException {
        List<RedisWorkload> workloads = RedisWorkload.all().stream()
                .filter(workload -> workload.title().startsWith("One hot key, 8 callers"))
                .toList();
        assertThat(workloads).hasSize(2);
        try (RedisServer redis = RedisServer.start();
                RedisContenderJvm fork = RedisContenderJvm.of(RedisContender.RATELIMIT, RedisNodes.address(redis))) {
            for (RedisWorkload workload : workloads) {
                RedisMeasurement measurement = fork.measurement(workload, MEASURED);

                assertThat(measurement.perSecond()).as(workload.title()).isPositive();
                assertThat(measurement.p50()).isPositive().isLessThanOrEqualTo(measurement.p99());
            }
            assertThat(redis.command("DBSIZE")).isEqualTo(1L);
        }
    }

    @Test
    void aJvmThatEndsFailsTheMeasurement() throws IOException {
        try (RedisContenderJvm fork =
                RedisContenderJvm.of(RedisContender.SCRIPT_FLOOR, InetSocketAddress.createUnresolved("localhost", 1))) {
            assertThatIOException()
                    .isThrownBy(() -> fork.measurement(RedisWorkload.all().get(0), MEASURED))
                    .withMessageContaining("ended before it answered \"0 PT1S\"");
        }
    }

    @Test
    void aMainClassThatFailsThrowsInsteadOfReturningItsOutput() {
        assertThatIOException()
                .isThrownBy(() -> ForkedJvm.run(HeapPerKey.class, List.of(), "NOBODY"))
                .withMessageStartingWith("HeapPerKey failed");
    }

    @Test
    void aMeasurementIsParsedFromItsText() {
        RedisMeasurement measurement = new RedisMeasurement(123_456.789, 0.5, 1e6);
        assertThat(RedisMeasurement.parse(measurement.toString())).isEqualTo(measurement);
    }
}
