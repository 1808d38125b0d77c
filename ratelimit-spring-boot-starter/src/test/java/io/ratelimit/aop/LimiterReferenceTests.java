package io.ratelimit.aop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.ratelimit.Limit;
import io.ratelimit.RateLimiterRegistry;
import io.ratelimit.UnknownLimitException;
import io.ratelimit.memory.InMemoryRateLimitStore;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class LimiterReferenceTests {

    private final RateLimiterRegistry registry = InMemoryRateLimitStore.newRegistry();
    private final LimiterReference reference = new LimiterReference("search");

    @AfterEach
    void close() {
        registry.close();
    }

    @Test
    void seesTheLimitAsItIsConfiguredNow() {
        registry.define(Limit.of("search", "10/s"));
        assertThat(reference.limit(registry).texts())
                .isEqualTo(Limit.of("search", "10/s").texts());
        registry.replace(Limit.of("search", "20/s"));
        assertThat(reference.limit(registry).texts())
                .isEqualTo(Limit.of("search", "20/s").texts());
    }

    @Test
    void failsForALimitThatWasRemovedAndFindsItWhenItIsDefinedAgain() {
        registry.define(Limit.of("search", "10/s"));
        reference.limit(registry);
        registry.remove("search");
        assertThatExceptionOfType(UnknownLimitException.class).isThrownBy(() -> reference.limit(registry));
        Limit again = registry.define(Limit.of("search", "5/s")).limit();
        assertThat(reference.limit(registry)).isSameAs(again);
        registry.remove("search");
        Limit third = registry.define(Limit.of("search", "3/s")).limit();
        assertThat(reference.limit(registry)).isSameAs(third);
    }
}
