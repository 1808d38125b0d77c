package io.ratelimit.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ratelimit.autoconfigure.BoundApplication;
import io.ratelimit.autoconfigure.InvalidRateLimitPropertyException;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RedisPropertiesTests {

    @Test
    void everyPropertyHasADefault() {
        assertThat(properties(""))
                .isEqualTo(
                        new RedisProperties(Duration.ofMillis(250), "ratelimit", null, Duration.ofSeconds(2), false));
    }

    @Test
    void everyPropertyCanBeSet() {
        assertThat(properties(
                        "ratelimit.redis:",
                        "  timeout: 80ms",
                        "  key-prefix: shop",
                        "  connection-factory: limitsRedis",
                        "  startup-wait: 500ms",
                        "  require-at-startup: true"))
                .isEqualTo(new RedisProperties(
                        Duration.ofMillis(80), "shop", "limitsRedis", Duration.ofMillis(500), true));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            ratelimit.redis.timeout: 250ms           | true  | ratelimit.store = "redis": there is no Redis connection factory; add spring-boot-starter-data-redis, or use memory
            ratelimit.redis.connection-factory: mine | false | ratelimit.redis.connection-factory = "mine": there is no Redis connection factory; define one of this name, or drop the property
            ratelimit.redis.require-at-startup: true | false | ratelimit.redis.require-at-startup = "true": there is no Redis connection factory; add spring-boot-starter-data-redis, or drop the property
            """)
    void propertiesThatNeedRedisAreRejectedWithTheStoreInMemory(String yaml, boolean selected, String message) {
        assertThatThrownBy(() -> new RedisFeature().checkMemoryStore(properties(yaml), selected))
                .isInstanceOf(InvalidRateLimitPropertyException.class)
                .hasMessage("Invalid property " + message);
    }

    @ParameterizedTest
    @CsvSource({"-1ms, PT-0.001S", "61s, PT1M1S"})
    void theWaitAtTheStartIsAtMostAMinute(String wait, String value) {
        assertThatThrownBy(() -> properties("ratelimit.redis.startup-wait: " + wait))
                .rootCause()
                .isInstanceOf(InvalidRateLimitPropertyException.class)
                .hasMessage("Invalid property ratelimit.redis.startup-wait = \"" + value
                        + "\": not between 0 and 1m; use a time such as 2s");
    }

    @Test
    void otherPropertiesAreAcceptedWithTheStoreInMemory() {
        assertThatCode(() -> new RedisFeature().checkMemoryStore(properties("ratelimit.redis.timeout: 1s"), false))
                .doesNotThrowAnyException();
    }

    private static RedisProperties properties(String... yaml) {
        return BoundApplication.of(yaml).properties(RedisProperties.PREFIX, RedisProperties.class);
    }
}
