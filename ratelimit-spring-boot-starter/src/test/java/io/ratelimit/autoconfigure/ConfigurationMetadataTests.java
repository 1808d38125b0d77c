package io.ratelimit.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class ConfigurationMetadataTests {

    private static final JsonNode METADATA = read("/META-INF/spring-configuration-metadata.json");

    @ParameterizedTest
    @CsvSource(delimiter = '|', nullValues = "none", textBlock = """
            ratelimit.enabled                   | java.lang.Boolean                        | true
            ratelimit.store                     | io.ratelimit.autoconfigure.StoreType     | auto
            ratelimit.empty-key                 | io.ratelimit.autoconfigure.EmptyKeyPolicy | refuse
            ratelimit.unknown-limit             | io.ratelimit.UnknownLimitPolicy          | fail
            ratelimit.defaults.rates            | java.util.List<io.ratelimit.autoconfigure.RateProperties> | none
            ratelimit.defaults.algorithm        | io.ratelimit.algorithm.Algorithm                   | token-bucket
            ratelimit.defaults.calendar         | io.ratelimit.algorithm.CalendarPeriod              | none
            ratelimit.defaults.zone             | java.time.ZoneId                         | UTC
            ratelimit.defaults.max-wait         | java.time.Duration                       | 0s
            ratelimit.defaults.max-concurrent   | java.math.BigDecimal                     | none
            ratelimit.defaults.lease-time       | java.time.Duration                       | 30s
            ratelimit.defaults.refill           | io.ratelimit.algorithm.Refill                      | smooth
            ratelimit.defaults.cost             | java.math.BigDecimal                     | 1
            ratelimit.defaults.on-store-failure | io.ratelimit.StoreFailurePolicy          | local
            ratelimit.defaults.local-share      | java.math.BigDecimal                     | 1
            ratelimit.defaults.prefetch         | java.math.BigDecimal                     | 0
            ratelimit.limits                    | java.util.Map<java.lang.String,io.ratelimit.autoconfigure.LimitProperties> | none
            ratelimit.memory.max-keys           | java.lang.Integer                        | 1000000
            ratelimit.redis.timeout             | java.time.Duration                       | 250ms
            ratelimit.redis.key-prefix          | java.lang.String                         | ratelimit
            ratelimit.redis.connection-factory  | java.lang.String                         | none
            ratelimit.redis.startup-wait        | java.time.Duration                       | 2s
            ratelimit.redis.require-at-startup  | java.lang.Boolean                        | false
            ratelimit.aop.mode                  | org.springframework.context.annotation.AdviceMode | proxy
            ratelimit.aop.order                 | java.lang.String                         | none
            ratelimit.aop.ineffective           | io.ratelimit.aop.IneffectivePolicy       | fail
            """)
    void aPropertyHasItsTypeDefaultAndDescription(String name, String type, String defaultValue) {
        JsonNode property = all("properties")
                .filter(candidate -> candidate.path("name").asString().equals(name))
                .findFirst()
                .orElseThrow();

        assertThat(property.path("type").asString()).isEqualTo(type);
        assertThat(property.path("description").asString())
                .hasSizeGreaterThan(15)
                .endsWith(".");
        assertThat(property.path("defaultValue").asStringOpt().orElse(null)).isEqualTo(defaultValue);
    }

    @Test
    void theTableHasEveryProperty() {
        assertThat(all("properties").map(property -> property.path("name").asString()))
                .filteredOn(name -> name.startsWith("ratelimit."))
                .hasSize(26);
    }

    @Test
    void ratesAreHinted() {
        assertThat(hinted("ratelimit.limits.values")).containsExactly("10/s", "100/1m", "1000/1h burst 200");
        assertThat(hinted("ratelimit.defaults.rates")).containsExactly("10/s", "100/1m", "1000/1h burst 200");
    }

    @Test
    void everyHintedRateIsValid() {
        assertThat(hinted("ratelimit.limits.values"))
                .allSatisfy(rate -> assertThat(BoundApplication.of("ratelimit.limits.search: " + rate)
                                .limits())
                        .containsKey("search"));
    }

    private static List<String> hinted(String name) {
        return all("hints")
                .filter(hint -> hint.path("name").asString().equals(name))
                .flatMap(hint -> stream(hint.path("values")))
                .map(value -> value.path("value").asString())
                .toList();
    }

    private static Stream<JsonNode> all(String section) {
        return stream(METADATA.path(section));
    }

    private static Stream<JsonNode> stream(JsonNode array) {
        return StreamSupport.stream(array.spliterator(), false);
    }

    private static JsonNode read(String resource) {
        try (InputStream json = RateLimitProperties.class.getResourceAsStream(resource)) {
            return JsonMapper.shared().readTree(json);
        } catch (IOException ex) {
            throw new ExceptionInInitializerError(ex);
        }
    }
}
