package io.ratelimit.actuate;

import static org.assertj.core.api.Assertions.assertThat;

import io.ratelimit.Limit;
import io.ratelimit.RateLimitStore;
import io.ratelimit.RateLimiter;
import io.ratelimit.RateLimiterRegistry;
import io.ratelimit.algorithm.Algorithm;
import io.ratelimit.algorithm.CalendarPeriod;
import io.ratelimit.algorithm.Refill;
import io.ratelimit.memory.InMemoryRateLimitStore;
import io.ratelimit.remote.RemoteRateLimitStore;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.ZoneId;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class LimitDescriptionTests {

    static Stream<Arguments> limits() {
        Limit.Builder windows = Limit.named("any").rates("10/1d").algorithm(Algorithm.FIXED_WINDOW);
        return Stream.of(
                Arguments.of(Limit.of("any", "10/1d"), "token-bucket"),
                Arguments.of(
                        Limit.named("any")
                                .rates("10/1d")
                                .refill(Refill.INTERVAL)
                                .build(),
                        "token-bucket, interval refill"),
                Arguments.of(windows.build(), "fixed-window"),
                Arguments.of(
                        windows.calendar(CalendarPeriod.DAY, ZoneId.of("Europe/Berlin"))
                                .build(),
                        "fixed-window, day in Europe/Berlin"),
                Arguments.of(
                        Limit.named("any")
                                .maxConcurrent(2, Duration.ofSeconds(90))
                                .build(),
                        "concurrency, leases of 1m30s"),
                Arguments.of(
                        Limit.named("any")
                                .rates("10/1d")
                                .algorithm(Algorithm.SLIDING_WINDOW)
                                .maxWait(Duration.ofSeconds(5))
                                .build(),
                        "sliding-window"));
    }

    @ParameterizedTest
    @MethodSource("limits")
    void describesTheAlgorithmAndTheMaximumWaitOfALimit(Limit limit, String algorithm) {
        try (RateLimiterRegistry registry = InMemoryRateLimitStore.newRegistry()) {
            LimitDescription description =
                    LimitDescription.of(registry.define(limit), registry.store(), name -> List.of());
            assertThat(description.algorithm()).isEqualTo(algorithm);
            assertThat(description.maxWait()).isEqualTo(limit.maxWait());
        }
    }

    @Test
    void describesThePrefetchIfThereIsOne() {
        Limit limit =
                Limit.named("any").rates("10/s").prefetch(new BigDecimal("2.5")).build();
        RateLimitStore ahead = RemoteRateLimitStore.builder(
                        InMemoryRateLimitStore.create(), InMemoryRateLimitStore.create())
                .build();
        try (RateLimiterRegistry registry = new RateLimiterRegistry(ahead, List.of())) {
            RateLimiter limiter = registry.define(limit);
            limiter.tryAcquire("user-42");
            limiter.tryAcquire("user-42");
            limiter.tryAcquire("user-42");
            assertThat(prefetch(registry)).isEqualTo(new LimitDescription.Prefetch(2.5, 1.5, "2.5 × nodes"));
            registry.replace(Limit.named("any")
                    .rates("1000/s")
                    .prefetch(BigDecimal.valueOf(100))
                    .build());
            assertThat(prefetch(registry)).extracting("widens").isEqualTo("100 × nodes");
            registry.replace(Limit.of("any", "10/s"));
            assertThat(prefetch(registry)).isNull();
        }
        for (RateLimitStore nothingAhead : List.of(
                InMemoryRateLimitStore.create(),
                RemoteRateLimitStore.builder(InMemoryRateLimitStore.create(), InMemoryRateLimitStore.create())
                        .prefetch(false)
                        .build())) {
            try (RateLimiterRegistry registry = new RateLimiterRegistry(nothingAhead, List.of())) {
                registry.define(limit);
                assertThat(prefetch(registry)).isNull();
            }
        }
    }

    private static LimitDescription.@Nullable Prefetch prefetch(RateLimiterRegistry registry) {
        return LimitDescription.of(registry.get("any"), registry.store(), name -> List.of())
                .prefetch();
    }
}
