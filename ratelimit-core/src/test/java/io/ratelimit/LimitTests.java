package io.ratelimit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ratelimit.algorithm.Algorithm;
import io.ratelimit.algorithm.CalendarPeriod;
import io.ratelimit.algorithm.ConcurrencyCap;
import io.ratelimit.algorithm.InvalidLimitException;
import io.ratelimit.algorithm.Rate;
import io.ratelimit.algorithm.Refill;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LimitTests {

    @Test
    void optionsHaveDefaults() {
        Limit limit = Limit.of("search", "10/s");
        assertThat(limit.name()).isEqualTo("search");
        assertThat(limit.rates()).containsExactly(Rate.parse("10/s"));
        assertThat(limit.refill()).isEqualTo(Refill.SMOOTH);
        assertThat(limit.cost()).isEqualTo(1000);
        assertThat(limit.onStoreFailure()).isEqualTo(StoreFailurePolicy.LOCAL);
        assertThat(limit).hasToString("search [10/s]");
    }

    @Test
    void anInvalidOptionIsToldInParts() {
        assertThatThrownBy(() -> named().cost(BigDecimal.valueOf(20)).build())
                .isInstanceOfSatisfying(InvalidLimitException.class, invalid -> {
                    assertThat(invalid.getOption()).isEqualTo("cost");
                    assertThat(invalid.getValue()).isEqualTo("20");
                    assertThat(invalid.getRule()).isEqualTo("its rates [10/s] never hold more than 10");
                    assertThat(invalid.getFix()).isEqualTo("lower the cost or raise the burst");
                })
                .hasMessage(
                        "Invalid cost \"20\" of limit \"a\": its rates [10/s] never hold more than 10; lower the cost or"
                                + " raise the burst");
    }

    @Test
    void isEqualToAnotherWithTheSameParts() {
        assertThat(Limit.of("a", "10/s")).isEqualTo(Limit.of("a", "10/1s")).hasSameHashCodeAs(Limit.of("a", "10/1s"));
        assertThat(Limit.of("a", "10/s"))
                .isNotEqualTo(Limit.of("b", "10/s"))
                .isNotEqualTo(Limit.of("a", "11/s"))
                .isNotEqualTo(named().refill(Refill.INTERVAL).build())
                .isNotEqualTo(named().cost(BigDecimal.TEN).build())
                .isNotEqualTo(named().prefetch(BigDecimal.ONE).build())
                .isNotEqualTo(named().onStoreFailure(StoreFailurePolicy.DENY).build());
        assertThat(Limit.of("a", "10/s")).isEqualTo(named().build());
    }

    @Test
    void theCapacityIsThatOfTheSmallestRate() {
        assertThat(Limit.of("a", "10/s", "1000/1h burst 2.5").capacity()).isEqualTo(2500);
    }

    @ParameterizedTest
    @ValueSource(strings = {"a", "A-b_c.9", "0", "default"})
    void plainNamesAreValid(String name) {
        assertThat(Limit.of(name, "1/s").name()).isEqualTo(name);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                ".a",
                "-a",
                "a b",
                "a:b",
                "{a}",
                "é",
                "a\n",
                "a1234567890123456789012345678901234567890123456789012345678901234"
            })
    void otherNamesAreInvalid(String name) {
        assertThatThrownBy(() -> Limit.of(name, "1/s"))
                .isInstanceOf(InvalidLimitException.class)
                .hasMessage("Invalid limit name \"" + name
                        + "\": not 1 to 64 letters, digits, dots, dashes and underscores, beginning with a letter or"
                        + " digit; choose a name such as search or report.daily");
    }

    @Test
    void aLimitHasRatesOverDifferentPeriods() {
        assertThatThrownBy(() -> Limit.of("a"))
                .hasMessage(
                        "Invalid rates \"[]\" of limit \"a\": a limit has at least one rate; give it one, such as 10/s");
        assertThatThrownBy(() -> Limit.of("a", "10/60s", "20/1m"))
                .hasMessage(
                        "Invalid rates \"[10/m, 20/m]\" of limit \"a\": two rates have the same period; write one of them"
                                + " over another period, as 100/10s is 10/s burst 100");
    }

    @Test
    void aCostAboveTheCapacityIsInvalid() {
        assertThatThrownBy(() -> Limit.of("a", "10/s", "0.5/1m"))
                .hasMessage(
                        "Invalid cost \"1\" of limit \"a\": its rates [10/s, 0.5/m] never hold more than 0.5; lower the cost"
                                + " or raise the burst");
        assertThat(named().cost(BigDecimal.TEN).build().cost()).isEqualTo(10_000);
        assertThatThrownBy(() -> named().cost(new BigDecimal("10.001")).build())
                .isInstanceOf(InvalidLimitException.class);
        assertThatThrownBy(() -> named().cost(new BigDecimal("1E+999999999")).build())
                .isInstanceOf(InvalidLimitException.class)
                .hasMessageContaining("1E+999999999");
        assertThatThrownBy(() -> named().cost(new BigDecimal("1E-999999999")).build())
                .isInstanceOf(InvalidLimitException.class)
                .hasMessageContaining("\"1E-999999999\" of limit \"a\": finer than 0.001");
        assertThatThrownBy(() -> new Rate(new BigDecimal("1E+999999999"), Duration.ofSeconds(1), BigDecimal.ONE))
                .isInstanceOf(InvalidLimitException.class)
                .hasMessage("Invalid tokens \"1E+999999999\": more than can be counted; use 9007199254740 or less");
        assertThatThrownBy(() -> named().cost(new BigDecimal("1E+30")).build())
                .isInstanceOf(InvalidLimitException.class);
    }

    @Test
    void aCostThatIsNegativeOrTooFineIsInvalid() {
        assertThatThrownBy(() -> named().cost(new BigDecimal("-1")).build())
                .isInstanceOf(InvalidLimitException.class)
                .hasMessage("Invalid cost \"-1\" of limit \"a\": negative; use zero (free) or a positive number");
        assertThatThrownBy(() -> named().cost(new BigDecimal("0.0005")).build())
                .isInstanceOf(InvalidLimitException.class)
                .hasMessageContaining("finer than 0.001");
        assertThat(named().cost(BigDecimal.ZERO).build().cost()).isZero();
    }

    @Test
    void aRateThatCannotBeCountedTellsByHowMuch() {
        assertThatThrownBy(() -> Limit.of("a", "7/1d burst 1000000000"))
                .isInstanceOf(InvalidLimitException.class)
                .hasMessage(
                        "Invalid rate \"7/d burst 1000000000\": it needs 86400000000000007 units to be counted exactly, 10 "
                                + "times what can be held (2^53); use a smaller burst, a rounder number of tokens, or a shorter period");
        assertThatThrownBy(() -> Limit.of("a", "1/115741d"))
                .hasMessage(
                        "Invalid rate \"1/115741d\": it needs 10000022400000000 microseconds to fill up, 2 times what can be "
                                + "held (2^53); use a smaller burst, more tokens, or a shorter period");
        assertThatThrownBy(() -> Limit.named("a")
                        .rates("1/1h burst 2502000")
                        .refill(Refill.INTERVAL)
                        .build())
                .hasMessageContaining("9007200000000000 microseconds to fill up, 2 times");
        assertThat(Limit.of("a", "1/100000d").capacity()).isEqualTo(1000);
    }

    private static Limit.Builder named() {
        return Limit.named("a").rates("10/s");
    }

    @Test
    void anOptionOfAnotherAlgorithmIsInvalid() {
        assertInvalid(
                Limit.named("login")
                        .rates("5/10m")
                        .algorithm(Algorithm.SLIDING_WINDOW)
                        .refill(Refill.INTERVAL),
                "Invalid refill \"interval\" of limit \"login\": sliding-window does not refill; drop refill, or use token-bucket");
        assertInvalid(
                Limit.named("login")
                        .rates("5/10m")
                        .algorithm(Algorithm.SLIDING_WINDOW)
                        .calendar(CalendarPeriod.DAY, ZoneOffset.UTC),
                "Invalid calendar \"day\" of limit \"login\": sliding-window has no windows of a calendar; drop calendar, or use"
                        + " fixed-window");
        assertInvalid(
                Limit.named("login").rates("5/10m burst 6").algorithm(Algorithm.FIXED_WINDOW),
                "Invalid rate \"5/10m burst 6\": burst is for token-bucket, and fixed-window holds the tokens of a period;"
                        + " write 5/10m");
        assertInvalid(
                Limit.named("quota")
                        .rates("5/10m")
                        .algorithm(Algorithm.FIXED_WINDOW)
                        .calendar(CalendarPeriod.MONTH, ZoneOffset.UTC),
                "Invalid rate \"5/10m\": the windows are those of the calendar; write 5/30d for a month");
        assertInvalid(
                Limit.named("ages").rates("5/10001d").algorithm(Algorithm.SLIDING_WINDOW),
                "Invalid rate \"5/10001d\": windows of more than");
        assertInvalid(
                Limit.named("vast").rates("5000000000/1s").algorithm(Algorithm.SLIDING_WINDOW_COUNTER),
                "Invalid rate \"5000000000/s\": sliding-window-counter counts at most 4503599627.37 tokens a period; use"
                        + " fewer tokens, or token-bucket");
    }

    @Test
    void aWaitThatCannotBeReservedIsInvalid() {
        assertInvalid(
                Limit.named("slow").rates("10/s").maxWait(Duration.ofMillis(-1)),
                "Invalid max-wait \"PT-0.001S\" of limit \"slow\": negative; use 0s for not waiting, or a duration such as 5s");
        assertInvalid(
                Limit.named("slow")
                        .rates("10/s")
                        .algorithm(Algorithm.SLIDING_WINDOW_COUNTER)
                        .maxWait(Duration.ofSeconds(1)),
                "Invalid max-wait \"PT1S\" of limit \"slow\": sliding-window-counter cannot promise when a call fits; use"
                        + " sliding-window, or do not wait");
        assertInvalid(
                Limit.named("fast").rates("999999.999/1s").maxWait(Duration.ofDays(3650)),
                "Invalid max-wait \"PT87600H\" of limit \"fast\": longer than can be counted exactly; use at most");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "TOKEN_BUCKET   | 10/s, 1000/1m              | 1000/m | 10/s",
                "TOKEN_BUCKET   | 10/s, 600/1m               | 600/m  | 10/s",
                "TOKEN_BUCKET   | 10/s, 599/1m               |        |",
                "TOKEN_BUCKET   | 10/s burst 700, 600/1m     | 10/s burst 700 | 600/m",
                "TOKEN_BUCKET   | 10/s burst 700, 601/1m     |        |",
                "SLIDING_WINDOW | 10/s, 600/1m               | 600/m  | 10/s",
                "SLIDING_WINDOW | 10/s, 599/1m               |        |",
                "SLIDING_WINDOW | 10/7s, 20/10s              | 20/10s | 10/7s",
                "SLIDING_WINDOW | 100/s, 100/1m              | 100/s  | 100/m",
                "FIXED_WINDOW   | 10/s, 600/1m               | 600/m  | 10/s",
                "FIXED_WINDOW   | 10/7s, 20/10s              |        |",
                "FIXED_WINDOW   | 100/s, 100/1m              | 100/s  | 100/m",
                "SLIDING_WINDOW_COUNTER | 100/s, 100/1m      |        |",
            })
    void aRateIsRedundantIfItNeverRejectsACallThatAnotherAdmits(
            Algorithm algorithm, String rates, String redundant, String stricter) {
        Limit limit = Limit.named("several")
                .rates(rates.split(", "))
                .algorithm(algorithm)
                .build();
        Map<Rate, Rate> expected = redundant == null ? Map.of() : Map.of(Rate.parse(redundant), Rate.parse(stricter));
        assertThat(limit.redundantRates()).isEqualTo(expected);
    }

    @Test
    void aPrefetchIsAtMostWhatACallLeavesInAFullBucket() {
        assertThat(Limit.of("a", "10/s").prefetch()).isZero();
        assertThat(named().prefetch(new BigDecimal("2.5")).build().prefetch()).isEqualTo(2_500);
        Limit most = Limit.named("a")
                .rates("10/s burst 20", "1000/1h")
                .cost(new BigDecimal("0.5"))
                .prefetch(new BigDecimal("19.5"))
                .build();
        assertThat(most.prefetch()).isEqualTo(19_500);
        assertThat(most.countsLike(Limit.of("a", "10/s burst 20", "1000/1h"))).isTrue();
    }

    @Test
    void aPrefetchThatNoBucketHoldsIsInvalid() {
        assertInvalid(
                named().prefetch(BigDecimal.TEN),
                "Invalid prefetch \"10\" of limit \"a\": its rates [10/s] never hold more than 10, of which a call takes 1; use at"
                        + " most 9 or raise the burst");
        assertInvalid(
                named().prefetch(new BigDecimal("0.0005")),
                "Invalid prefetch \"0.0005\" of limit \"a\": finer than 0.001; use at most three" + " decimal places");
        assertInvalid(named().prefetch(BigDecimal.valueOf(-1)), "Invalid prefetch \"-1\" of limit \"a\": negative");
        Limit.Builder export = Limit.named("export").maxConcurrent(20, Duration.ofSeconds(30));
        assertInvalid(
                export.prefetch(BigDecimal.ONE),
                "Invalid prefetch \"1\" of limit \"export\": concurrency counts calls while they run, so that nothing can be taken"
                        + " ahead of them; drop prefetch");
        assertThat(export.prefetch(BigDecimal.ZERO).build().prefetch()).isZero();
        assertThat(named().cost(BigDecimal.TEN)
                        .prefetch(BigDecimal.ZERO)
                        .build()
                        .prefetch())
                .isZero();
    }

    private static void assertInvalid(Limit.Builder limit, String message) {
        assertThatThrownBy(limit::build)
                .isInstanceOf(InvalidLimitException.class)
                .hasMessageStartingWith(message);
    }

    @Test
    void aCapOnConcurrentCallsIsALimitOfLeases() {
        Limit limit =
                Limit.named("export").maxConcurrent(2, Duration.ofSeconds(30)).build();
        assertThat(limit).hasToString("export [2 at once]");
        assertThat(limit.isLeased()).isTrue();
        assertThat(limit.capacity()).isEqualTo(2_000);
        assertThat(limit.canWait()).isTrue();
        assertThat(limit.rates()).isEmpty();
        assertThat(limit.concurrency()).contains(new ConcurrencyCap(2, Duration.ofSeconds(30)));
        assertThat(limit.texts()).containsExactly("2 at once");
        assertThat(limit)
                .isEqualTo(Limit.named("export")
                        .maxConcurrent(2, Duration.ofSeconds(30))
                        .build())
                .isNotEqualTo(Limit.named("export")
                        .maxConcurrent(2, Duration.ofSeconds(20))
                        .build());
    }

    @Test
    void anInvalidCapTellsItsRule() {
        assertThatThrownBy(() -> Limit.named("export").maxConcurrent(0, Duration.ofSeconds(30)))
                .isInstanceOf(InvalidLimitException.class)
                .hasMessage("Invalid max-concurrent \"0\" of limit \"export\": not positive; use 1 or more");
        for (Duration time : List.of(Duration.ofMillis(99), Duration.ofNanos(200_500_000))) {
            assertThatThrownBy(
                            () -> Limit.named("export").maxConcurrent(2, time).build())
                    .isInstanceOf(InvalidLimitException.class)
                    .hasMessage(
                            "Invalid lease-time \"" + time
                                    + "\" of limit \"export\": a lease lasts 100ms to 10000d, in whole milliseconds; use for example 30s");
        }
        assertInvalid(
                Limit.named("export").algorithm(Algorithm.CONCURRENCY).rates("2/30s"),
                "Invalid rates \"[2/30s]\" of limit \"export\": algorithm concurrency has no rates, but a number of calls at"
                        + " once; use max-concurrent, or another algorithm");
        assertInvalid(
                Limit.named("export").algorithm(Algorithm.CONCURRENCY),
                "Invalid algorithm \"concurrency\" of limit \"export\": the number of calls that may run at once is not"
                        + " given; add max-concurrent, such as 2");
        assertInvalid(
                Limit.named("export").maxConcurrent(2, Duration.ofSeconds(30)).algorithm(Algorithm.TOKEN_BUCKET),
                "Invalid max-concurrent \"2\" of limit \"export\": only algorithm concurrency counts calls at once; drop"
                        + " algorithm token-bucket, or give the limit rates instead");
        assertThatThrownBy(() -> Limit.named("export")
                        .maxConcurrent(2, Duration.ofSeconds(30))
                        .cost(BigDecimal.valueOf(3))
                        .build())
                .isInstanceOf(InvalidLimitException.class)
                .hasMessageContaining("its rates [2 at once] never hold more than 2");
    }
}
