package io.ratelimit.actuate;

import static org.assertj.core.api.Assertions.assertThat;

import io.ratelimit.Algorithm;
import io.ratelimit.CalendarPeriod;
import io.ratelimit.Limit;
import io.ratelimit.RateLimiters;
import io.ratelimit.Refill;
import java.time.Duration;
import java.time.ZoneId;
import java.util.List;
import java.util.stream.Stream;
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
            LimitDescription description = LimitDescription.of(limiters.define(limit), name -> List.of());
            assertThat(description.algorithm()).isEqualTo(algorithm);
            assertThat(description.maxWait()).isEqualTo(limit.maxWait());
        }
    }
}
