package io.ratelimit.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RedisTableTests {

    @Test
    void aTableShowsMediansTheirSpreadAndRatiosToTheScript() {
        RedisWorkload workload = new RedisWorkload(
                "One hot key, 8 callers, sync",
                List.of(RedisContender.RATELIMIT, RedisContender.SCRIPT_FLOOR),
                BenchmarkLimit.PLENTY_EACH,
                1,
                1,
                8,
                false);

        String table = RedisTable.of(
                workload,
                Map.of(
                        RedisContender.RATELIMIT,
                        List.of(
                                new RedisMeasurement(900, 40, 300),
                                new RedisMeasurement(3000, 50, 400),
                                new RedisMeasurement(1000, 60, 500)),
                        RedisContender.SCRIPT_FLOOR,
                        List.of(new RedisMeasurement(2000, 20, 100), new RedisMeasurement(2000, 20, 220))));

        assertThat(table).isEqualTo("""
                        ### One hot key, 8 callers, sync

                        | | calls/s | spread | × EVALSHA | p50 µs | p99 µs | × EVALSHA |
                        |---|--:|--:|--:|--:|--:|--:|
                        | ratelimit | 1000 | 900–3000 | 0.50 | 50 | 400 | 2.50 |
                        | floor: EVALSHA | 2000 | 2000–2000 | 1.00 | 20 | 160 | 1.00 |
                        """);
    }
}
