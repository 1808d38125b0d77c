package io.ratelimit.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;

import io.ratelimit.Limit;
import io.ratelimit.StoreFailurePolicy;
import io.ratelimit.UnknownLimitPolicy;
import io.ratelimit.algorithm.Algorithm;
import io.ratelimit.algorithm.CalendarPeriod;
import io.ratelimit.algorithm.Refill;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.bind.PropertySourcesPlaceholdersResolver;
import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.core.env.MapPropertySource;

class RateLimitPropertiesTests {

    @Test
    void everythingHasADefault() {
        RateLimitProperties properties = BoundApplication.of("").properties();

        assertThat(properties.enabled()).isTrue();
        assertThat(properties.store()).isEqualTo(StoreType.AUTO);
        assertThat(properties.emptyKey()).isEqualTo(EmptyKeyPolicy.REFUSE);
        assertThat(properties.unknownLimit()).isEqualTo(UnknownLimitPolicy.FAIL);
        assertThat(properties.memory().maxKeys()).isEqualTo(1_000_000);
        assertThat(properties.toLimits()).isEmpty();
    }

    @Test
    void everythingCanBeSet() {
        RateLimitProperties properties = BoundApplication.of(
                        "ratelimit:",
                        "  enabled: false",
                        "  store: redis",
                        "  empty-key: shared",
                        "  unknown-limit: unlimited",
                        "  memory:",
                        "    max-keys: 5")
                .properties();

        assertThat(properties.enabled()).isFalse();
        assertThat(properties.store()).isEqualTo(StoreType.REDIS);
        assertThat(properties.emptyKey()).isEqualTo(EmptyKeyPolicy.SHARED);
        assertThat(properties.unknownLimit()).isEqualTo(UnknownLimitPolicy.UNLIMITED);
        assertThat(properties.memory().maxKeys()).isEqualTo(5);
    }

    @Test
    void aLimitIsItsRateAsText() {
        Limit search = BoundApplication.of("ratelimit.limits.search: 10/s").limit("search");

        assertThat(search).isEqualTo(Limit.of("search", "10/s"));
    }

    @Test
    void textHoldsSeveralRatesSeparatedByCommas() {
        Limit report = BoundApplication.of("ratelimit.limits.report: 100/1m, 1000/1h burst 200")
                .limit("report");

        assertThat(report).isEqualTo(Limit.of("report", "100/1m", "1000/1h burst 200"));
    }

    @Test
    void ratesAreTextOrPartsInOneList() {
        Limit report = BoundApplication.of(
                        "ratelimit.limits.report:",
                        "  rates:",
                        "    - 100/1m",
                        "    - tokens: 1000",
                        "      per: 1h",
                        "      burst: 200.5",
                        "    - {tokens: 5000, per: P1D}")
                .limit("report");

        assertThat(report).isEqualTo(Limit.of("report", "100/1m", "1000/1h burst 200.5", "5000/1d"));
    }

    @Test
    void ratesMayBeOneText() {
        Limit report = BoundApplication.of("ratelimit.limits.report.rates: 100/1m,1000/1h")
                .limit("report");

        assertThat(report).isEqualTo(Limit.of("report", "100/1m", "1000/1h"));
    }

    @Test
    void theLongFormSetsEveryPartOfALimit() {
        Limit report = BoundApplication.of(
                        "ratelimit.limits.report:",
                        "  rates: [100/1m, 1000/1h burst 200]",
                        "  refill: interval",
                        "  cost: 2.5",
                        "  on-store-failure: deny")
                .limit("report");

        assertThat(report.rates())
                .isEqualTo(Limit.of("report", "100/1m", "1000/1h burst 200").rates());
        assertThat(report.refill()).isEqualTo(Refill.INTERVAL);
        assertThat(report.cost()).isEqualTo(2_500);
        assertThat(report.onStoreFailure()).isEqualTo(StoreFailurePolicy.DENY);
    }

    @Test
    void concurrentCallsHaveANumberAndALeaseTime() {
        Map<String, Limit> limits = BoundApplication.of(
                        "ratelimit.limits:",
                        "  export: {algorithm: concurrency, max-concurrent: 2, max-wait: 5s, cost: 0.5}",
                        "  import: {algorithm: concurrency, max-concurrent: 7, lease-time: 100ms, on-store-failure: deny}")
                .limits();

        assertThat(limits.get("export"))
                .isEqualTo(Limit.named("export")
                        .maxConcurrent(2, Duration.ofSeconds(30))
                        .maxWait(Duration.ofSeconds(5))
                        .cost(new BigDecimal("0.5"))
                        .build());
        assertThat(limits.get("import"))
                .isEqualTo(Limit.named("import")
                        .maxConcurrent(7, Duration.ofMillis(100))
                        .onStoreFailure(StoreFailurePolicy.DENY)
                        .build());
    }

    @Test
    void defaultsOfConcurrentCallsApplyToTheirAlgorithmOnly() {
        Map<String, Limit> limits = BoundApplication.of(
                        "ratelimit:",
                        "  defaults: {rates: 7/s, refill: interval, max-concurrent: 3, lease-time: 20s, max-wait: 1s}",
                        "  limits:",
                        "    export: {algorithm: concurrency}",
                        "    own: {algorithm: concurrency, max-concurrent: 4, lease-time: 10s}",
                        "    rated: {refill: smooth}")
                .limits();

        assertThat(limits.get("export"))
                .isEqualTo(Limit.named("export")
                        .maxConcurrent(3, Duration.ofSeconds(20))
                        .maxWait(Duration.ofSeconds(1))
                        .build());
        assertThat(limits.get("own"))
                .isEqualTo(Limit.named("own")
                        .maxConcurrent(4, Duration.ofSeconds(10))
                        .maxWait(Duration.ofSeconds(1))
                        .build());
        assertThat(limits.get("rated"))
                .isEqualTo(Limit.named("rated")
                        .rates("7/s")
                        .maxWait(Duration.ofSeconds(1))
                        .build());
        assertThat(BoundApplication.of(
                                "ratelimit:",
                                "  defaults: {algorithm: concurrency, max-concurrent: 3}",
                                "  limits.export:",
                                "    max-wait: 0s")
                        .limit("export"))
                .isEqualTo(Limit.named("export")
                        .maxConcurrent(3, Duration.ofSeconds(30))
                        .build());
    }

    @Test
    void defaultsApplyToPropertiesThatALimitDoesNotSet() {
        Map<String, Limit> limits = BoundApplication.of(
                        "ratelimit:",
                        "  defaults:",
                        "    rates: 7/s",
                        "    refill: interval",
                        "    cost: 3",
                        "    on-store-failure: allow",
                        "  limits:",
                        "    text: 10/s",
                        "    empty:",
                        "    own: {rates: 5/s, refill: smooth, cost: 2, on-store-failure: local}")
                .limits();

        Limit text = limits.get("text");
        assertThat(text.rates()).isEqualTo(Limit.of("any", "10/s").rates());
        assertThat(text.refill()).isEqualTo(Refill.INTERVAL);
        assertThat(text.cost()).isEqualTo(3_000);
        assertThat(text.onStoreFailure()).isEqualTo(StoreFailurePolicy.ALLOW);
        assertThat(limits.get("empty").rates()).isEqualTo(Limit.of("any", "7/s").rates());
        Limit own = limits.get("own");
        assertThat(own.rates()).isEqualTo(Limit.of("any", "5/s").rates());
        assertThat(own.refill()).isEqualTo(Refill.SMOOTH);
        assertThat(own.cost()).isEqualTo(2_000);
        assertThat(own.onStoreFailure()).isEqualTo(StoreFailurePolicy.LOCAL);
    }

    @Test
    void localShareIsAPropertyAndADefaultIfTheFallbackIsLocal() {
        Map<String, Limit> limits = BoundApplication.of(
                        "ratelimit:",
                        "  defaults: {local-share: 0.5, on-store-failure: local}",
                        "  limits:",
                        "    text: 10/s",
                        "    own: {rates: 10/s, local-share: 0.25}",
                        "    whole: {rates: 10/s, local-share: 1}",
                        "    denied: {rates: 10/s, on-store-failure: deny}")
                .limits();

        assertThat(limits)
                .containsOnly(
                        Map.entry("text", share("text", "0.5")),
                        Map.entry("own", share("own", "0.25")),
                        Map.entry("whole", Limit.of("whole", "10/s")),
                        Map.entry(
                                "denied",
                                Limit.named("denied")
                                        .rates("10/s")
                                        .onStoreFailure(StoreFailurePolicy.DENY)
                                        .build()));
        assertThat(BoundApplication.of("ratelimit.limits.search: 10/s")
                        .limit("search")
                        .localShare())
                .isEqualTo(BigDecimal.ONE);
    }

    @Test
    void prefetchIsAPropertyAndADefaultWhereTheAlgorithmSupportsIt() {
        Map<String, Limit> limits = BoundApplication.of(
                        "ratelimit:",
                        "  defaults: {prefetch: 2.5}",
                        "  limits:",
                        "    text: 10/s",
                        "    own: {rates: 10/s, prefetch: 9}",
                        "    none: {rates: 10/s, prefetch: 0}",
                        "    window: {rates: 10/s, algorithm: sliding-window}",
                        "    held: {algorithm: concurrency, max-concurrent: 5}")
                .limits();

        assertThat(limits)
                .containsOnly(
                        Map.entry("text", ahead("text", "2.5").build()),
                        Map.entry("own", ahead("own", "9").build()),
                        Map.entry("none", Limit.of("none", "10/s")),
                        Map.entry(
                                "window",
                                ahead("window", "2.5")
                                        .algorithm(Algorithm.SLIDING_WINDOW)
                                        .build()),
                        Map.entry(
                                "held",
                                Limit.named("held")
                                        .maxConcurrent(5, Duration.ofSeconds(30))
                                        .build()));
    }

    private static Limit.Builder ahead(String name, String prefetch) {
        return Limit.named(name).rates("10/s").prefetch(new BigDecimal(prefetch));
    }

    private static Limit share(String name, String share) {
        return Limit.named(name).rates("10/s").localShare(new BigDecimal(share)).build();
    }

    @Test
    void algorithmsCalendarsAndWaitsAreProperties() {
        Map<String, Limit> limits = BoundApplication.of(
                        "ratelimit.limits:",
                        "  login: {rates: 5/10m, algorithm: sliding-window, max-wait: 2s}",
                        "  browse: {rates: 100/1m, algorithm: sliding-window-counter}",
                        "  quota: {rates: 1000/1d, algorithm: fixed-window, calendar: day, zone: Europe/Berlin}",
                        "  month: {rates: 1000/30d, algorithm: fixed-window, calendar: month}")
                .limits();

        assertThat(limits)
                .containsOnly(
                        Map.entry(
                                "login",
                                Limit.named("login")
                                        .rates("5/10m")
                                        .algorithm(Algorithm.SLIDING_WINDOW)
                                        .maxWait(Duration.ofSeconds(2))
                                        .build()),
                        Map.entry(
                                "browse",
                                Limit.named("browse")
                                        .rates("100/1m")
                                        .algorithm(Algorithm.SLIDING_WINDOW_COUNTER)
                                        .build()),
                        Map.entry(
                                "quota",
                                Limit.named("quota")
                                        .rates("1000/1d")
                                        .algorithm(Algorithm.FIXED_WINDOW)
                                        .calendar(CalendarPeriod.DAY, ZoneId.of("Europe/Berlin"))
                                        .build()),
                        Map.entry(
                                "month",
                                Limit.named("month")
                                        .rates("1000/30d")
                                        .algorithm(Algorithm.FIXED_WINDOW)
                                        .calendar(CalendarPeriod.MONTH, ZoneOffset.UTC)
                                        .build()));
    }

    @Test
    void aDefaultAppliesIfTheAlgorithmSupportsIt() {
        Map<String, Limit> limits = BoundApplication.of(
                        "ratelimit:",
                        "  defaults: {algorithm: fixed-window, calendar: day, zone: Asia/Kolkata, max-wait: 3s}",
                        "  limits:",
                        "    quota: 10/1d",
                        "    bucket: {rates: 10/s, algorithm: token-bucket}",
                        "    counter: {rates: 10/s, algorithm: sliding-window-counter}")
                .limits();

        assertThat(limits.get("quota").algorithm()).isEqualTo(Algorithm.FIXED_WINDOW);
        assertThat(limits.get("quota").calendar()).contains(CalendarPeriod.DAY);
        assertThat(limits.get("quota").zone()).isEqualTo(ZoneId.of("Asia/Kolkata"));
        assertThat(limits.get("quota").maxWait()).isEqualTo(Duration.ofSeconds(3));
        assertThat(limits.get("bucket").calendar()).isEmpty();
        assertThat(limits.get("bucket").maxWait()).isEqualTo(Duration.ofSeconds(3));
        assertThat(limits.get("counter").maxWait()).isZero();
    }

    @Test
    void namesKeepTheirCaseAndDashesAndInBracketsTheirDotsAndUnderscores() {
        Map<String, Limit> limits = BoundApplication.of(
                        "ratelimit.limits:",
                        "  quote-user: 1/s",
                        "  quoteAll: 2/s",
                        "  \"[a.b]\": 3/s",
                        "  \"[c_d]\": {rates: 4/s, cost: 2}")
                .limits();

        assertThat(limits)
                .containsOnlyKeys("quote-user", "quoteAll", "a.b", "c_d")
                .containsEntry("a.b", Limit.of("a.b", "3/s"));
    }

    @Test
    void propertiesFilesWorkTheSameWay() {
        Map<String, Limit> limits = new BoundApplication()
                .properties(Map.of(
                        "ratelimit.limits.search", "10/s",
                        "ratelimit.limits.report.rates[0]", "100/1m",
                        "ratelimit.limits.report.rates[1].tokens", "1000",
                        "ratelimit.limits.report.rates[1].per", "1h",
                        "ratelimit.limits[a.b].rates", "1/s"))
                .limits();

        assertThat(limits)
                .containsOnly(
                        Map.entry("search", Limit.of("search", "10/s")),
                        Map.entry("report", Limit.of("report", "100/1m", "1000/1h")),
                        Map.entry("a.b", Limit.of("a.b", "1/s")));
    }

    @Test
    void environmentVariablesWorkTheSameWay() {
        Map<String, Limit> limits = new BoundApplication()
                .environment(Map.of(
                        "RATELIMIT_LIMITS_SEARCH", "10/s",
                        "RATELIMIT_LIMITS_REPORT_RATES_0", "100/1m",
                        "RATELIMIT_LIMITS_REPORT_RATES_1_TOKENS", "1000",
                        "RATELIMIT_LIMITS_REPORT_RATES_1_PER", "1h",
                        "RATELIMIT_LIMITS_REPORT_ON_STORE_FAILURE", "deny"))
                .limits();

        assertThat(limits).containsOnlyKeys("search", "report");
        assertThat(limits.get("search")).isEqualTo(Limit.of("search", "10/s"));
        assertThat(limits.get("report").rates())
                .isEqualTo(Limit.of("any", "100/1m", "1000/1h").rates());
        assertThat(limits.get("report").onStoreFailure()).isEqualTo(StoreFailurePolicy.DENY);
    }

    @Test
    void anEnvironmentVariableReachesALimitWithADashInItsName() {
        Map<String, Limit> limits = BoundApplication.of("ratelimit.limits.quote-user: 5/10s")
                .environment(Map.of("RATELIMIT_LIMITS_QUOTE_USER", "9/s"))
                .limits();

        assertThat(limits).containsOnly(Map.entry("quote-user", Limit.of("quote-user", "9/s")));
    }

    @Test
    void placeholdersAreResolvedInTextAndInParts() {
        Map<String, Limit> limits = BoundApplication.of(
                        "search-rate: 10",
                        "ratelimit.limits:",
                        "  search: ${search-rate}/s",
                        "  report:",
                        "    rates:",
                        "      - {tokens: '${search-rate}', per: '${report-period:1m}'}")
                .limits();

        assertThat(limits.get("search")).isEqualTo(Limit.of("search", "10/s"));
        assertThat(limits.get("report")).isEqualTo(Limit.of("report", "10/1m"));
    }

    @Test
    void textOverridesTheRatesOfLessImportantProperties() {
        Limit search = BoundApplication.of("ratelimit.limits.search: {rates: [10/s, 100/1m], refill: interval}")
                .environment(Map.of("RATELIMIT_LIMITS_SEARCH", "20/s"))
                .limit("search");

        assertThat(search.rates()).isEqualTo(Limit.of("any", "20/s").rates());
        assertThat(search.refill()).isEqualTo(Refill.INTERVAL);
    }

    @Test
    void ratesOverrideLessImportantText() {
        Limit search = BoundApplication.of("ratelimit.limits.search: 10/s")
                .yaml("ratelimit.limits.search: {rates: [20/s], refill: interval}")
                .limit("search");

        assertThat(search.rates()).isEqualTo(Limit.of("any", "20/s").rates());
        assertThat(search.refill()).isEqualTo(Refill.INTERVAL);
    }

    @Test
    void anotherPropertyIsAddedToLessImportantText() {
        Limit search = BoundApplication.of("ratelimit.limits.search: 10/s")
                .environment(Map.of("RATELIMIT_LIMITS_SEARCH_REFILL", "interval"))
                .limit("search");

        assertThat(search.rates()).isEqualTo(Limit.of("any", "10/s").rates());
        assertThat(search.refill()).isEqualTo(Refill.INTERVAL);
    }

    @Test
    void aShorterListOfRatesReplacesALongerOne() {
        Limit search = BoundApplication.of("ratelimit.limits.search.rates: [10/s, {tokens: 100, per: 1m}]")
                .properties(Map.of("ratelimit.limits.search.rates[0]", "20/s"))
                .limit("search");

        assertThat(search).isEqualTo(Limit.of("search", "20/s"));
    }

    static List<Object> valuesOfRates() {
        return List.of(
                "10/s",
                " 10/s , 100/1m",
                "",
                " ",
                "10/s,",
                ",10/s",
                "${search-rate}/s",
                "${search-rates}",
                new StringBuilder("10/s, 100/1m"),
                List.of("10/s", "100/1m"),
                new String[] {"10/s", "100/1m"});
    }

    @ParameterizedTest
    @MethodSource("valuesOfRates")
    void oneValueOfRatesIsBoundAsSpringBootBindsItToAList(Object value) {
        MapPropertySource source = new MapPropertySource(
                "properties",
                Map.of(
                        "ratelimit.limits.search.rates",
                        value,
                        "ratelimit.limits.search.cost",
                        "1",
                        "search-rate",
                        "10",
                        "search-rates",
                        "10/s, 100/1m"));
        List<RateProperties> expected = new Binder(
                        ConfigurationPropertySources.from(source),
                        new PropertySourcesPlaceholdersResolver(List.of(source)))
                .bind("ratelimit.limits.search.rates", Bindable.listOf(RateProperties.class))
                .get();

        RateLimitProperties properties = new BoundApplication().source(source).properties();

        assertThat(properties.limits().get("search").rates()).isEqualTo(expected);
    }
}
