package io.ratelimit.actuate;

import static org.assertj.core.api.Assertions.assertThat;

import io.ratelimit.Algorithm;
import io.ratelimit.CalendarPeriod;
import io.ratelimit.FallbackStore;
import io.ratelimit.Limit;
import io.ratelimit.MemoryStore;
import io.ratelimit.PrefetchingStore;
import io.ratelimit.RateLimitStore;
import io.ratelimit.RateLimiter;
import io.ratelimit.RateLimiters;
import io.ratelimit.Refill;
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
                        Limit.named("any").atOnce(2, Duration.ofSeconds(90)).build(), "concurrency, leases of 1m30s"),
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
    void tellsHowALimitCountsAndHowLongItsCallsMayWait(Limit limit, String algorithm) {
        try (RateLimiters limiters = RateLimiters.inMemory()) {
            LimitDescription description =
                    LimitDescription.of(limiters.define(limit), limiters.store(), name -> List.of());
            assertThat(description.algorithm()).isEqualTo(algorithm);
            assertThat(description.maxWait()).isEqualTo(limit.maxWait());
        }
    }

    @Test
    void tellsWhatIsTakenAheadWhereItIs() {
        Limit limit =
                Limit.named("any").rates("10/s").prefetch(new BigDecimal("2.5")).build();
        PrefetchingStore ahead = new PrefetchingStore(MemoryStore.create());
        try (RateLimiters limiters = new RateLimiters(new FallbackStore(ahead, MemoryStore.create()), List.of())) {
            RateLimiter limiter = limiters.define(limit);
            limiter.tryAcquire("user-42");
            limiter.tryAcquire("user-42");
            limiter.tryAcquire("user-42");
            assertThat(prefetch(limiters)).isEqualTo(new LimitDescription.Prefetch(2.5, 1.5, "2.5 × nodes"));
            limiters.replace(Limit.named("any")
                    .rates("1000/s")
                    .prefetch(BigDecimal.valueOf(100))
                    .build());
            assertThat(prefetch(limiters)).extracting("widens").isEqualTo("100 × nodes");
            limiters.replace(Limit.of("any", "10/s"));
            assertThat(prefetch(limiters)).isNull();
        }
        for (RateLimitStore nothingAhead :
                List.of(MemoryStore.create(), new FallbackStore(MemoryStore.create(), MemoryStore.create()))) {
            try (RateLimiters limiters = new RateLimiters(nothingAhead, List.of())) {
                limiters.define(limit);
                assertThat(prefetch(limiters)).isNull();
            }
        }
    }

    private static LimitDescription.@Nullable Prefetch prefetch(RateLimiters limiters) {
        return LimitDescription.of(limiters.get("any"), limiters.store(), name -> List.of())
                .prefetch();
    }
}
