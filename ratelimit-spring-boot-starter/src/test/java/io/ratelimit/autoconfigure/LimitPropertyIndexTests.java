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
import org.springframework.core.env.MapPropertySource;
import org.springframework.core.env.PropertySource;

class LimitPropertyIndexTests {

    private static final int LIMITS = 100;

    @Test
    void aLimitGivenByTextIsBoundWithoutLookingForEachPropertyThatItMightHave() {
        assertThat(lookups("", "10/s")).isLessThanOrEqualTo(LIMITS * 10);
    }

    @Test
    void aLimitGivenByPropertiesIsBoundWithoutLookingForThoseThatItDoesNotHave() {
        assertThat(lookups(".rates", "10/s")).isLessThanOrEqualTo(LIMITS * 10);
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
