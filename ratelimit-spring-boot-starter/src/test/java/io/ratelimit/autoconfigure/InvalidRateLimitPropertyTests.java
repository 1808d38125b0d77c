package io.ratelimit.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;

import io.ratelimit.Limit;
import io.ratelimit.algorithm.InvalidLimitException;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.diagnostics.FailureAnalysis;

class InvalidRateLimitPropertyTests {

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            ratelimit.limits.search: 10/x                               | ratelimit.limits.search.rates[0]  | unknown unit "x"; use s, m
            ratelimit.limits.search: ten                                | ratelimit.limits.search.rates[0]  | not of the form tokens/period; write
            ratelimit.limits.search: 0/s                                | ratelimit.limits.search.rates[0]  | invalid tokens "0": not positive; use 0.001
            ratelimit.limits.search: -1/s                               | ratelimit.limits.search.rates[0]  | invalid tokens "-1": not positive; use 0.001
            ratelimit.limits.search: NaN/s                              | ratelimit.limits.search.rates[0]  | tokens "NaN" is not a decimal number; write
            ratelimit.limits.search: 1.2345/s                           | ratelimit.limits.search.rates[0]  | finer than 0.001; use at most three
            ratelimit.limits.search: 10/0s                              | ratelimit.limits.search.rates[0]  | invalid period "PT0S": not positive; use
            ratelimit.limits.search: 10/s burst 0                       | ratelimit.limits.search.rates[0]  | invalid burst "0": not positive; use
            ratelimit.limits.search: 10/s burst -5                      | ratelimit.limits.search.rates[0]  | invalid burst "-5": not positive; use
            ratelimit.limits.search: 10/s burst Infinity                | ratelimit.limits.search.rates[0]  | burst "Infinity" is not a decimal number
            ratelimit.limits.search: 999999999999999999/s               | ratelimit.limits.search.rates[0]  | more than can be counted; use 9007199254740 or less
            ratelimit.limits.search: 9000000000000/7ms                  | ratelimit.limits.search.rates[0]  | times what can be held (2^53); use a smaller
            ratelimit.limits.search: 10/99999999999999999999d           | ratelimit.limits.search.rates[0]  | longer than can be counted
            ratelimit.limits.search: '10/s, 5/y'                        | ratelimit.limits.search.rates[1]  | unknown unit "y"; use
            ratelimit.limits.search: '10/s, 20/1s'                      | ratelimit.limits.search           | two rates have the same period
            ratelimit.limits.search:                                    | ratelimit.limits.search           | a limit has at least one rate; give it one
            ratelimit.limits.search.refill: interval                    | ratelimit.limits.search           | a limit has at least one rate; give it one
            ratelimit.limits.search.rates: [10/s, {tokens: 0, per: 1m}] | ratelimit.limits.search.rates[1]  | invalid tokens "0": not positive
            ratelimit.limits.search.rates: [{tokens: 5}]                | ratelimit.limits.search.rates[0]  | not of the form tokens/period
            ratelimit.limits.search.rates: [{per: 5s}]                  | ratelimit.limits.search.rates[0]  | not of the form tokens/period
            ratelimit.limits.search.rates: [{tokens: x, per: 5s}]       | ratelimit.limits.search.rates[0]  | tokens "x" is not a decimal number
            ratelimit.limits.search.rates: [{tokens: 1, per: 5s, burst: .nan}] | ratelimit.limits.search.rates[0] | burst "NaN" is not a decimal number
            ratelimit.limits.search: {rates: 10/s, cost: -1}            | ratelimit.limits.search.cost      | negative; use zero
            ratelimit.limits.search: {rates: 10/s, cost: 0.0001}        | ratelimit.limits.search.cost      | finer than 0.001; use at most
            ratelimit.limits.search: {rates: 10/s, cost: 11}            | ratelimit.limits.search.cost      | never hold more than 10; lower the cost
            ratelimit.limits.search: {rates: 10/s, cost: 1e300}         | ratelimit.limits.search.cost      | never hold more than 10; lower the cost
            ratelimit.limits.search: {rates: 5/10m burst 6, algorithm: sliding-window} | ratelimit.limits.search.rates[0] | burst is for token-bucket
            ratelimit.limits.search: {rates: 5/10m, algorithm: fixed-window, calendar: day} | ratelimit.limits.search.rates[0] | write 5/1d for a day
            ratelimit.limits.search: {rates: 5/1d, calendar: day}       | ratelimit.limits.search.calendar  | drop calendar, or use fixed-window
            ratelimit.limits.search: {rates: 5/1d, algorithm: fixed-window, zone: Europe/Berlin} | ratelimit.limits.search.zone | add calendar
            ratelimit.limits.search: {rates: 5/1d, algorithm: fixed-window, refill: interval} | ratelimit.limits.search.refill | drop refill, or use
            ratelimit.limits.search: {rates: 5/s, algorithm: sliding-window-counter, max-wait: 1s} | ratelimit.limits.search.max-wait | cannot promise when
            ratelimit.limits.search: {rates: 5/s, max-wait: -1s}        | ratelimit.limits.search.max-wait  | negative; use 0s
            ratelimit.limits.search: {rates: 5/s, max-wait: 40000d}     | ratelimit.limits.search.max-wait  | longer than can be counted exactly
            ratelimit.limits.export: {algorithm: concurrency, max-concurrent: 2, rates: 10/s} | ratelimit.limits.export.rates | use max-concurrent, or another
            ratelimit.limits.export: {max-concurrent: 2, rates: 10/s}   | ratelimit.limits.export.max-concurrent | add it and drop rates, or drop
            ratelimit.limits.export: {max-concurrent: 2}                | ratelimit.limits.export.max-concurrent | only algorithm concurrency counts
            ratelimit.limits.export: {algorithm: concurrency}           | ratelimit.limits.export.algorithm | add max-concurrent to it
            ratelimit: {defaults: {algorithm: concurrency}, limits: {export: {cost: 1}}} | ratelimit.defaults.algorithm | ratelimit.limits.export does not set the number
            ratelimit: {defaults: {algorithm: concurrency, max-concurrent: 2}, limits: {export: 10/s}} | ratelimit.limits.export.rates | has no rates
            ratelimit.limits.export: {algorithm: concurrency, lease-time: 5s} | ratelimit.limits.export.algorithm | add max-concurrent to it
            ratelimit.limits.export: {lease-time: 5s, rates: 10/s}      | ratelimit.limits.export.lease-time | only algorithm concurrency has leases
            ratelimit.limits.export: {algorithm: concurrency, max-concurrent: 0} | ratelimit.limits.export.max-concurrent | not positive; use 1 or more
            ratelimit.limits.export: {algorithm: concurrency, max-concurrent: -1} | ratelimit.limits.export.max-concurrent | not positive; use 1 or more
            ratelimit.limits.export: {algorithm: concurrency, max-concurrent: 1.5} | ratelimit.limits.export.max-concurrent | not a whole number up to 2147483647
            ratelimit.limits.export: {algorithm: concurrency, max-concurrent: 2147483648} | ratelimit.limits.export.max-concurrent | not a whole number up to 2147483647
            ratelimit.limits.export: {algorithm: concurrency, max-concurrent: 2, lease-time: 99ms} | ratelimit.limits.export.lease-time | shorter than 100ms; use
            ratelimit.limits.export: {algorithm: concurrency, max-concurrent: 2, lease-time: -30s} | ratelimit.limits.export.lease-time | shorter than 100ms; use
            ratelimit.limits.export: {algorithm: concurrency, max-concurrent: 2, lease-time: PT1.0005S} | ratelimit.limits.export.lease-time | in whole milliseconds
            ratelimit.limits.export: {algorithm: concurrency, max-concurrent: 2, cost: 3} | ratelimit.limits.export.cost | more than the max-concurrent of 2
            ratelimit.limits.export: {algorithm: concurrency, max-concurrent: 2, refill: interval} | ratelimit.limits.export.refill | drop refill, or use
            ratelimit.limits.export: {algorithm: concurrency, max-concurrent: 2, calendar: day} | ratelimit.limits.export.calendar | drop calendar, or use
            ratelimit.limits.search: {rates: 10/s, local-share: 0}      | ratelimit.limits.search.local-share | not above 0 and at most 1; use 1 divided
            ratelimit.limits.search: {rates: 10/s, local-share: -0.25}  | ratelimit.limits.search.local-share | not above 0 and at most 1; use 1 divided
            ratelimit.limits.search: {rates: 10/s, local-share: 1.5}    | ratelimit.limits.search.local-share | not above 0 and at most 1; use 1 divided
            ratelimit.limits.search: {rates: 10/s, local-share: 0.0000001} | ratelimit.limits.search.local-share | finer than 0.000001; use at most six
            ratelimit.limits.search: {rates: 777777777/1d, local-share: 0.7} | ratelimit.limits.search.local-share | its share of the limit cannot be counted
            ratelimit.limits.search: {rates: 10/s, local-share: 0.25, on-store-failure: deny} | ratelimit.limits.search.local-share | drop local-share, or use on-store-failure local
            ratelimit.limits.search: {rates: 10/s, local-share: 1, on-store-failure: allow} | ratelimit.limits.search.local-share | with on-store-failure allow this node's memory is not asked
            ratelimit: {defaults: {on-store-failure: deny}, limits: {search: {rates: 10/s, local-share: 0.25}}} | ratelimit.limits.search.local-share | drop local-share, or use
            ratelimit.defaults: {local-share: 2}                        | ratelimit.defaults.local-share    | not above 0 and at most 1; use 1 divided
            ratelimit.limits.search: {rates: 10/s, prefetch: 10}        | ratelimit.limits.search.prefetch  | use at most 9 or raise the burst
            ratelimit.limits.search: {rates: 10/s burst 20, prefetch: 16, cost: 5} | ratelimit.limits.search.prefetch | use at most 15 or raise the burst
            ratelimit.limits.search: {rates: 10/s, prefetch: -1}        | ratelimit.limits.search.prefetch  | negative; use zero
            ratelimit.limits.search: {rates: 10/s, prefetch: 0.0001}    | ratelimit.limits.search.prefetch  | finer than 0.001
            ratelimit.limits.export: {algorithm: concurrency, max-concurrent: 20, prefetch: 2} | ratelimit.limits.export.prefetch | drop prefetch
            ratelimit: {defaults: {prefetch: 10}, limits: {search: 10/s}} | ratelimit.limits.search.prefetch | use at most 9 or raise the burst
            ratelimit.defaults.prefetch: -2                             | ratelimit.defaults.prefetch       | negative; use zero
            ratelimit.defaults: {max-concurrent: 0}                     | ratelimit.defaults.max-concurrent | not positive; use 1 or more
            ratelimit.defaults: {lease-time: 1ms}                       | ratelimit.defaults.lease-time     | shorter than 100ms; use
            ratelimit.defaults: {max-wait: -1s}                         | ratelimit.defaults.max-wait       | negative; use 0s
            ratelimit.defaults: {algorithm: fixed-window, rates: 5/s burst 6} | ratelimit.defaults.rates[0] | burst is for token-bucket
            ratelimit.limits.search: 0.5/s                              | ratelimit.limits.search.cost      | its rates [0.5/s] never hold more than 0.5
            ratelimit.limits: {"[a.b]": 10/x}                           | ratelimit.limits[a.b].rates[0]    | unknown unit "x"
            ratelimit.limits: {"[a b]": 10/s}                           | ratelimit.limits[a b]             | not 1 to 64 letters
            ratelimit.defaults.rates: [10/s, 10/x]                      | ratelimit.defaults.rates[1]       | unknown unit "x"
            ratelimit.defaults.cost: -2                                 | ratelimit.defaults.cost           | negative; use zero
            ratelimit.memory.max-keys: 0                                | ratelimit.memory.max-keys         | not positive; use 1 or more
            ratelimit.memory.max-keys: -1                               | ratelimit.memory.max-keys         | not positive; use 1 or more
            ratelimit.redis.timeout: 0                                  | ratelimit.redis.timeout           | not between 1ms and 1m; use a deadline
            ratelimit.redis.timeout: -5ms                               | ratelimit.redis.timeout           | not between 1ms and 1m; use a deadline
            ratelimit.redis.timeout: 365d                               | ratelimit.redis.timeout           | not between 1ms and 1m; use a deadline
            ratelimit.redis.key-prefix: "{x}"                           | ratelimit.redis.key-prefix        | not a key prefix; use 1 to 32
            ratelimit.redis.key-prefix: ""                              | ratelimit.redis.key-prefix        | not a key prefix; use 1 to 32
            """)
    void anInvalidValueIsRejectedWithItsNameAndRule(String yaml, String property, String reason) {
        InvalidRateLimitPropertyException invalid = BoundApplication.of(yaml).invalid();

        assertThat(invalid.property()).isEqualTo(property);
        assertThat(invalid.rule() + "; " + invalid.fix()).contains(reason);
        assertThat(invalid).hasMessageContaining(property).hasMessageContaining(invalid.value());
    }

    @ParameterizedTest
    @CsvSource({
        "ratelimit.limits.search.cost, NaN",
        "ratelimit.limits.search.refill, sometimes",
        "ratelimit.limits.search.max-concurrent, many",
        "ratelimit.limits.search.local-share, NaN",
        "ratelimit.limits.search.prefetch, some",
        "ratelimit.limits.search.lease-time, long",
        "ratelimit.limits.search.on-store-failure, perhaps",
        "ratelimit.memory.max-keys, NaN",
        "ratelimit.memory.max-keys, 99999999999",
        "ratelimit.redis.timeout, soon",
        "ratelimit.redis.require-at-startup, perhaps",
        "ratelimit.store, disk"
    })
    void aValueThatCannotBeConvertedIsRejectedBySpringBoot(String property, String value) {
        Throwable failure = BoundApplication.of("ratelimit.limits.search.rates: 10/s", property + ": " + value)
                .failure();

        assertThat(failure).hasStackTraceContaining(property).hasStackTraceContaining(value);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            ratelimit.limits.search.refil: interval      | ratelimit.limits.search.refil      | did you mean ratelimit.limits.search.refill?
            ratelimit.limits.search.onStoreFailur: deny  | ratelimit.limits.search.onstorefailur | did you mean ratelimit.limits.search.on-store-failure?
            ratelimit.limits.search.rates[0].token: 5    | ratelimit.limits.search.rates[0].token | did you mean ratelimit.limits.search.rates[0].tokens?
            ratelimit.limits.a.b: 10/s                   | ratelimit.limits.a.b               | a limit name with dots is written "[a.b]"
            ratelimit.default.rates: 10/s                | ratelimit.default.rates            | did you mean ratelimit.defaults.rates?
            ratelimit.redis.time-out-ms: 10              | ratelimit.redis.time-out-ms        | did you mean ratelimit.redis.timeout?
            ratelimit.limit: 10/s                        | ratelimit.limit                    | did you mean ratelimit.limits?
            ratelimit.limit.s: 10/s                      | ratelimit.limit.s                  | did you mean ratelimit.limits?
            ratelimit.red.is.timeout: 10ms               | ratelimit.red.is.timeout           | did you mean ratelimit.redis.timeout?
            ratelimit.limits.search.max.wait: 1s         | ratelimit.limits.search.max.wait   | did you mean ratelimit.limits.search.max-wait?
            ratelimit.limits.search.rates.tokens: 5      | ratelimit.limits.search.rates.tokens | did you mean ratelimit.limits.search.rates[0].tokens?
            """)
    void anUnknownPropertyIsRejectedWithTheNearestKnownOne(String yaml, String property, String reason) {
        InvalidRateLimitPropertyException invalid = BoundApplication.of(yaml).invalid();

        assertThat(invalid.property()).isEqualTo(property);
        assertThat(invalid.rule() + "; " + invalid.fix())
                .startsWith("no such property")
                .contains(reason);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            ratelimit.limits.a.b                   | 10/s | did you mean ratelimit.limits[a.b]?
            ratelimit.limits.A.B                   | 10/s | did you mean ratelimit.limits[a.b]?
            ratelimit.limits.a.b.max-wait          | 1s   | did you mean ratelimit.limits[a.b].max-wait?
            ratelimit.limits.a.b.maxWait           | 1s   | did you mean ratelimit.limits[a.b].max-wait?
            ratelimit.limits.a.b.rates[0]          | 10/s | did you mean ratelimit.limits[a.b].rates[0]?
            ratelimit.limits[a].b                  | 10/s | did you mean ratelimit.limits[a.b]?
            ratelimit.limits.c.d-e                 | 10/s | did you mean ratelimit.limits[c.d-e]?
            ratelimit.limits.x.y.z                 | 10/s | a limit name with dots is written "[x.y.z]"
            ratelimit.limits[A.B]                  | 10/s | write ratelimit.limits[a.b] in both places
            ratelimit.limits.quoteUser             | 10/s | write ratelimit.limits[quoteUser] in both places
            ratelimit.limits[plan-free]            | 10/s | write ratelimit.limits.plan-free in both places
            ratelimit.limits.other.max-wait        |      | give the limit a rate, such as ratelimit.limits.other=10/s
            ratelimit.limits                       | 10/s | such as ratelimit.limits.search=10/s
            ratelimit.memory                       | 10   | known below ratelimit.memory are max-keys
            ratelimit.redis                        | 10   | known below ratelimit.redis are connection-factory, key-prefix
            ratelimit                              | 10   | known below ratelimit are aop, defaults, empty-key
            """)
    void aPropertyThatWouldChangeNothingIsRejectedWithTheSpellingThatWould(String property, String value, String fix) {
        Map<String, Object> properties = Map.of(property, value == null ? "" : value);
        String[] yaml = {
            "ratelimit:",
            "  limits: {\"[a.b]\": 5/s, \"[c.d-e]\": 5/s, \"[quoteUser]\": 5/s, plan-free: 5/s}",
            "  memory: {max-keys: 5}",
            "  redis: {timeout: 1s}"
        };

        InvalidRateLimitPropertyException onTheCommandLine =
                BoundApplication.of(yaml).properties(properties).invalid();
        assertThat(onTheCommandLine.fix()).contains(fix);
        if (property.startsWith("ratelimit.limits.") || property.startsWith("ratelimit.limits[")) {
            assertThat(BoundApplication.of(yaml)
                            .environment(properties)
                            .invalid()
                            .fix())
                    .contains(fix);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"ratelimit.limits[a.b]", "ratelimit.limits.[a.b]", "RATELIMIT.LIMITS[a.b]"})
    void aLimitWithDotsIsOverriddenInBracketsByEachOfItsProperties(String limit) {
        BoundApplication application = BoundApplication.of("ratelimit.limits: {\"[a.b]\": 5/s}")
                .properties(Map.of(limit, "9/s", limit + ".max-wait", "2s"));

        assertThat(application.limits())
                .containsOnly(Map.entry(
                        "a.b",
                        Limit.named("a.b")
                                .rates("9/s")
                                .maxWait(Duration.ofSeconds(2))
                                .build()));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            RATELIMIT_LIMITS_A_B            | 10/s | an environment variable cannot set a limit with a dot in its name: set
            RATELIMIT_LIMITS_A_B_MAXWAIT    | 1s   | set ratelimit.limits[a.b].max-wait in a file, in SPRING_APPLICATION_JSON
            RATELIMIT_LIMITS_[A.B]          | 10/s | set ratelimit.limits[a.b] in a file
            RATELIMIT_LIMITS_QUOTEUSER      | 10/s | did you mean RATELIMIT_LIMITS_QUOTE_USER?
            RATELIMIT_LIMITS_PLANFREE       | 10/s | did you mean RATELIMIT_LIMITS_PLAN_FREE?
            ratelimit_limits_search_maxwai  | 1s   | did you mean RATELIMIT_LIMITS_SEARCH_MAXWAIT?
            RATELIMIT_LIMITS_               | 10/s | Define this limit in a file
            RATELIMIT_LIMITS_X_Y_Z          | 10/s | Define this limit in a file
            """)
    void anEnvironmentVariableThatWouldChangeNothingIsRejectedAndIsNeverItsOwnFix(
            String variable, String value, String fix) {
        InvalidRateLimitPropertyException invalid = BoundApplication.of(
                        "ratelimit.limits: {\"[a.b]\": 5/s, \"[quote_user]\": 5/s, \"[plan-free]\": 5/s,"
                                + " search: {rates: 5/s, cost: 2}}")
                .environment(Map.of(variable, value))
                .invalid();

        assertThat(invalid.fix()).contains(fix).doesNotContain(variable + "?");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            ratelimit.limits[search]=10/s  | ratelimit.limits.search=5/s       | in both places
            ratelimit.limits[a.b]=10/s     | ratelimit.limits.a.b=5/s          | did you mean ratelimit.limits[a.b]?
            ratelimit.limits.search=10/s   | ratelimit.limits.search.rates=5/s | keep one of the two
            """)
    void twoValuesOfWhichOneWouldBeIgnoredAreRejected(String first, String second, String fix) {
        Map<String, Object> properties = Map.of(
                first.split("=")[0], first.split("=")[1],
                second.split("=")[0], second.split("=")[1]);

        assertThat(new BoundApplication().properties(properties).invalid().fix())
                .contains(fix);
    }

    @Test
    void theSameNameInAndWithoutBracketsInTwoFilesIsOneLimit() {
        assertThat(BoundApplication.of("ratelimit.limits: {\"[search]\": 10/s}")
                        .yaml("ratelimit.limits.search: 5/s")
                        .limits())
                .containsOnly(Map.entry("search", Limit.of("search", "5/s")));
    }

    @Test
    void anUnknownPropertyBesideTheShorthandIsRejected() {
        InvalidRateLimitPropertyException invalid = BoundApplication.of("ratelimit.limits.search: 10/s")
                .yaml("ratelimit.limits.search.refil: interval")
                .invalid();

        assertThat(invalid.property()).isEqualTo("ratelimit.limits.search.refil");
        assertThat(invalid.value()).isEqualTo("interval");
    }

    @Test
    void anEnvironmentVariableOfALimitIsChecked() {
        InvalidRateLimitPropertyException invalid = new BoundApplication()
                .environment(Map.of("RATELIMIT_LIMITS_QUOTE_USER", "9/s"))
                .invalid();

        assertThat(invalid.property()).isEqualTo("RATELIMIT_LIMITS_QUOTE_USER");
        assertThat(invalid.rule()).isEqualTo("no limit reads this environment variable");
    }

    @Test
    void aVariableBesideAnotherThatSetsTheSamePropertyIsToBeDropped() {
        InvalidRateLimitPropertyException invalid = BoundApplication.of("ratelimit.limits.quote-user: 10/s")
                .environment(
                        Map.of("RATELIMIT_LIMITS_QUOTEUSER_RATES", "9/s", "RATELIMIT_LIMITS_QUOTE_USER_RATES", "8/s"))
                .invalid();

        assertThat(invalid.property()).isEqualTo("RATELIMIT_LIMITS_QUOTE_USER_RATES");
        assertThat(invalid.fix()).isEqualTo("drop it, because RATELIMIT_LIMITS_QUOTEUSER_RATES is set too");
    }

    @ParameterizedTest
    @CsvSource({"ratelimit.limits", "ratelimit.limits.search", "ratelimit.memory"})
    void aValueWhosePlaceholdersResolveToNothingIsNoValue(String property) {
        BoundApplication application = BoundApplication.of(
                "ratelimit.limits.search.rates: 5/s", "ratelimit.memory.max-keys: 5", property + ": ${UNSET:}");

        assertThat(application.limits()).containsOnly(Map.entry("search", Limit.of("search", "5/s")));
    }

    @Test
    void environmentVariablesThatAClusterSetsAreIgnored() {
        RateLimitProperties properties = new BoundApplication()
                .environment(Map.of(
                        "RATELIMIT_SERVICE_HOST", "10.0.0.1",
                        "RATELIMIT_PORT", "tcp://10.0.0.1:80",
                        "RATELIMIT_REDIS_PORT_6379_TCP", "tcp://10.0.0.2:6379"))
                .properties();

        assertThat(properties.limits()).isEmpty();
    }

    @Test
    void theCauseIsTheErrorOfTheCore() {
        assertThat(BoundApplication.of("ratelimit.limits.search: 10/x").invalid())
                .hasCauseInstanceOf(InvalidLimitException.class);
    }

    @Test
    void theAnalysisHasTheOriginTheRuleAndTheFix() {
        FailureAnalysis analysis = BoundApplication.of("ratelimit:", "  limits:", "    webSearch: 10/x")
                .analysis();

        assertThat(analysis.getDescription())
                .startsWith("Invalid property ratelimit.limits.webSearch (")
                .contains("application-0.yml")
                .contains("3:16")
                .endsWith("), set to \"10/x\":\n\n    Unknown unit \"x\".");
        assertThat(analysis.getAction()).isEqualTo("Use s, m, h, d, w or a duration such as 100ms, 1m30s or PT90S.");
    }

    @Test
    void theAnalysisHasTheOriginOfANameInBrackets() {
        FailureAnalysis analysis = BoundApplication.of("ratelimit.limits:", "  '[webSearch]': {rates: [10/s, 10/x]}")
                .analysis();

        assertThat(analysis.getDescription())
                .startsWith("Invalid property ratelimit.limits[webSearch].rates[1] (")
                .contains("application-0.yml");
    }

    @Test
    void theAnalysisDescribesConcurrentCallsTheSameWay() {
        FailureAnalysis analysis = BoundApplication.of(
                        "ratelimit:", "  limits:", "    export: {algorithm: concurrency, max-concurrent: 2, cost: 3}")
                .analysis();

        assertThat(analysis.getDescription())
                .startsWith("Invalid property ratelimit.limits.export.cost (")
                .contains("application-0.yml")
                .endsWith("), set to \"3\":\n\n    More than the max-concurrent of 2, so no call could ever run.");
        assertThat(analysis.getAction()).isEqualTo("Lower the cost or raise max-concurrent.");
    }

    @Test
    void theAnalysisOfAnUnknownPropertyAsksForTheNearest() {
        FailureAnalysis analysis = BoundApplication.of("ratelimit.limits.search: {rates: 10/s, refil: interval}")
                .analysis();

        assertThat(analysis.getDescription())
                .startsWith("Invalid property ratelimit.limits.search.refil (")
                .endsWith("), set to \"interval\":\n\n    No such property.");
        assertThat(analysis.getAction()).isEqualTo("Did you mean ratelimit.limits.search.refill?");
    }
}
