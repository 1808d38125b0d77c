package io.ratelimit.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;

import io.ratelimit.Limit;
import io.ratelimit.OnStoreFailure;
import io.ratelimit.Refill;
import io.ratelimit.aop.EmptyKey;
import io.ratelimit.aop.UnknownLimit;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.springframework.context.annotation.AdviceMode;
import org.springframework.core.Ordered;

class RateLimitPropertiesTests {

    @Test
    void everythingHasADefault() {
        RateLimitProperties properties = BoundApplication.of("").properties();

        assertThat(properties.enabled()).isTrue();
        assertThat(properties.store()).isEqualTo(StoreType.AUTO);
        assertThat(properties.emptyKey()).isEqualTo(EmptyKey.REFUSE);
        assertThat(properties.unknownLimit()).isEqualTo(UnknownLimit.FAIL);
        assertThat(properties.memory().maxKeys()).isEqualTo(1_000_000);
        assertThat(properties.redis().timeout()).isEqualTo(Duration.ofMillis(250));
        assertThat(properties.redis().keyPrefix()).isEqualTo("ratelimit");
        assertThat(properties.redis().connectionFactory()).isNull();
        assertThat(properties.aop().mode()).isEqualTo(AdviceMode.PROXY);
        assertThat(properties.aop().order()).isEqualTo(Ordered.HIGHEST_PRECEDENCE);
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
                        "    max-keys: 5",
                        "  redis:",
                        "    timeout: 80ms",
                        "    key-prefix: shop",
                        "    connection-factory: limitsRedis",
                        "  aop:",
                        "    mode: aspectj",
                        "    order: 100")
                .properties();

        assertThat(properties.enabled()).isFalse();
        assertThat(properties.store()).isEqualTo(StoreType.REDIS);
        assertThat(properties.emptyKey()).isEqualTo(EmptyKey.SHARED);
        assertThat(properties.unknownLimit()).isEqualTo(UnknownLimit.UNLIMITED);
        assertThat(properties.memory().maxKeys()).isEqualTo(5);
        assertThat(properties.redis().timeout()).isEqualTo(Duration.ofMillis(80));
        assertThat(properties.redis().keyPrefix()).isEqualTo("shop");
        assertThat(properties.redis().connectionFactory()).isEqualTo("limitsRedis");
        assertThat(properties.aop().mode()).isEqualTo(AdviceMode.ASPECTJ);
        assertThat(properties.aop().order()).isEqualTo(100);
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
        assertThat(report.onStoreFailure()).isEqualTo(OnStoreFailure.DENY);
    }

    @Test
    void defaultsFillWhatALimitLeavesOut() {
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
        assertThat(text.onStoreFailure()).isEqualTo(OnStoreFailure.ALLOW);
        assertThat(limits.get("empty").rates()).isEqualTo(Limit.of("any", "7/s").rates());
        Limit own = limits.get("own");
        assertThat(own.rates()).isEqualTo(Limit.of("any", "5/s").rates());
        assertThat(own.refill()).isEqualTo(Refill.SMOOTH);
        assertThat(own.cost()).isEqualTo(2_000);
        assertThat(own.onStoreFailure()).isEqualTo(OnStoreFailure.LOCAL);
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
    void propertiesFilesSayTheSame() {
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
    void environmentVariablesSayTheSame() {
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
        assertThat(limits.get("report").onStoreFailure()).isEqualTo(OnStoreFailure.DENY);
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
}
