package io.ratelimit.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.ratelimit.Limit;
import io.ratelimit.RateLimiter;
import io.ratelimit.RateLimiterRegistry;
import io.ratelimit.memory.InMemoryRateLimitStore;
import io.ratelimit.remote.RemoteRateLimitStore;
import java.math.BigDecimal;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class PrefetchMetricsTests {

    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
    private final RemoteRateLimitStore store = RemoteRateLimitStore.builder(
                    InMemoryRateLimitStore.create(), InMemoryRateLimitStore.create())
            .build();
    private final RateLimiterRegistry limiters =
            new RateLimiterRegistry(store, List.of(new PrefetchMetrics(store, registry)));

    @AfterEach
    void close() {
        limiters.close();
    }

    @Test
    void prefetchedTokensAreSummedOverTheKeysOfALimit() {
        RateLimiter search = limiters.define(Limit.named("search")
                .rates("1000/s")
                .prefetch(new BigDecimal("40.5"))
                .build());
        limiters.define(Limit.of("other", "10/s"));
        assertThat(prefetched("search")).isZero();

        await().untilAsserted(() -> {
            for (String key : List.of("a", "b")) {
                search.tryAcquire(key);
                search.tryAcquire(key);
            }
            assertThat(prefetched("search")).isBetween(41.0, 81.0);
        });
        assertThat(prefetched("other")).isZero();

        limiters.remove("search");
        assertThat(registry.find("ratelimit.prefetched").gauges()).hasSize(1);
    }

    private double prefetched(String limit) {
        return registry.get("ratelimit.prefetched").tag("limit", limit).gauge().value();
    }
}
