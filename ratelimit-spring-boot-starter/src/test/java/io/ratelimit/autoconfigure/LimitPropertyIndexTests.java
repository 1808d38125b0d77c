package io.ratelimit.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;

import io.ratelimit.Limit;
import io.ratelimit.algorithm.Algorithm;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.springframework.boot.context.properties.bind.BindHandler;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.core.env.MapPropertySource;
import org.springframework.core.env.PropertySource;

class LimitPropertyIndexTests {

    private static final int LIMITS = 100;

    @Test
    void aLimitGivenByTextIsBoundWithoutLookingForEachPropertyThatItMightHave() {
        assertThat(lookups("", "10/s")).isLessThanOrEqualTo(LIMITS * 2);
    }

    @Test
    void aLimitGivenByPropertiesIsBoundWithoutLookingForThoseThatItDoesNotHave() {
        assertThat(lookups(".rates", "10/s")).isLessThanOrEqualTo(LIMITS * 3);
    }

    @Test
    void aSourceThatListsNoNamesSetsPropertiesOfLimitsThatAnotherSourceDefines() {
        Map<String, String> hidden = Map.of(
                "ratelimit.limits.search.algorithm", "fixed-window",
                "ratelimit.limits.upload.max-wait", "2s");
        PropertySource<Object> source = new PropertySource<>("hidden", new Object()) {

            @Override
            public @Nullable Object getProperty(String name) {
                return hidden.get(name);
            }
        };

        Map<String, Limit> limits = BoundApplication.of(
                        "ratelimit.limits:", "  search: 10/s", "  upload:", "    rates: 5/s")
                .source(source)
                .limits();

        assertThat(limits.get("search").algorithm()).isEqualTo(Algorithm.FIXED_WINDOW);
        assertThat(limits.get("upload").maxWait()).isEqualTo(Duration.ofSeconds(2));
    }

    @Test
    void aVariableSetsAPropertyOfALimitThatAFileDefinesAsText() {
        Map<String, Limit> limits = BoundApplication.of("ratelimit.limits:", "  search: 10/s", "  upload: 5/s")
                .environment(Map.of("RATELIMIT_LIMITS_SEARCH_MAXWAIT", "3s", "RATELIMIT_LIMITS_UPLOAD", "7/s"))
                .limits();

        assertThat(limits.get("search").maxWait()).isEqualTo(Duration.ofSeconds(3));
        assertThat(limits.get("search").rates()).hasToString("[10/s]");
        assertThat(limits.get("upload").rates()).hasToString("[7/s]");
    }

    @Test
    void variablesSetPropertiesOfLimitsWhoseNamesAreInBrackets() {
        Map<String, Limit> limits = BoundApplication.of(
                        "ratelimit.limits:",
                        "  \"[quote_user]\": 10/s",
                        "  \"[quoteAll]\": 10/s",
                        "  \"[quote_rate]\": 10/s",
                        "  quote_plain: 10/s")
                .environment(Map.of(
                        "RATELIMIT_LIMITS_QUOTE_USER_MAXWAIT", "3s",
                        "RATELIMIT_LIMITS_QUOTEALL_COST", "2",
                        "RATELIMIT_LIMITS_QUOTE_RATE_RATES", "9/s",
                        "RATELIMIT_LIMITS_QUOTE_PLAIN_RATES", "7/s"))
                .limits();

        assertThat(limits.get("quote_user").maxWait()).isEqualTo(Duration.ofSeconds(3));
        assertThat(limits.get("quoteAll").cost()).isEqualTo(2_000);
        assertThat(limits.get("quote_rate").rates()).hasToString("[9/s]");
        assertThat(limits.get("quote_plain").rates()).hasToString("[7/s]");
    }

    @Test
    void anotherBeanMayBindTheTextsOfLimits() {
        Binder binder = new Binder(ConfigurationPropertySources.from(
                new MapPropertySource("limits", Map.of("ratelimit.limits.search", "10/s"))));

        Map<String, String> texts = binder.bind(
                        "ratelimit.limits",
                        Bindable.mapOf(String.class, String.class),
                        new LimitShorthandBindHandler(BindHandler.DEFAULT))
                .get();

        assertThat(texts).containsExactly(Map.entry("search", "10/s"));
    }

    private static int lookups(String property, Object value) {
        Map<String, Object> properties = new HashMap<>();
        for (int i = 0; i < LIMITS; i++) {
            properties.put("ratelimit.limits.limit-" + i + property, value);
        }
        AtomicInteger lookups = new AtomicInteger();
        BoundApplication application = new BoundApplication().source(new MapPropertySource("counted", properties) {

            @Override
            public @Nullable Object getProperty(String name) {
                lookups.incrementAndGet();
                return super.getProperty(name);
            }
        });
        assertThat(application.limits()).hasSize(LIMITS);
        return lookups.get();
    }
}
