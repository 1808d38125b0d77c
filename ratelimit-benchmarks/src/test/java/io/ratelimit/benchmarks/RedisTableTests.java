package io.ratelimit.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RedisTableTests {

    @Test
    void aTableHasMediansTheirSpreadAndRatiosToTheScript() {
        RedisWork work = new RedisWork(
                "One hot key, 8 callers, sync",
                List.of(RedisContender.RATELIMIT, RedisContender.SCRIPT_FLOOR),
                BenchmarkQuota.PLENTY_EACH,
                1,
                1,
                8,
                false);

        String table = RedisTable.of(
                work,
                Map.of(
                        RedisContender.RATELIMIT,
                        List.of(
                                new RedisSample(900, 40, 300),
                                new RedisSample(3000, 50, 400),
                                new RedisSample(1000, 60, 500)),
                        RedisContender.SCRIPT_FLOOR,
                        List.of(new RedisSample(2000, 20, 100), new RedisSample(2000, 20, 220))));

        assertThat(table).isEqualTo("""
                        ### One hot key, 8 callers, sync

                        | | calls/s | spread | × EVALSHA | p50 µs | p99 µs | × EVALSHA |
                        |---|--:|--:|--:|--:|--:|--:|
                        | ratelimit | 1000 | 900–3000 | 0.50 | 50 | 400 | 2.50 |
                        | floor: EVALSHA | 2000 | 2000–2000 | 1.00 | 20 | 160 | 1.00 |
                        """);
    }
}
