package io.ratelimit.aop;

import static org.assertj.core.api.Assertions.assertThat;

import io.ratelimit.autoconfigure.BoundApplication;
import org.junit.jupiter.api.Test;
import org.springframework.context.annotation.AdviceMode;
import org.springframework.core.Ordered;

class AopPropertiesTests {

    @Test
    void everyPropertyHasADefault() {
        assertThat(properties("")).isEqualTo(new AopProperties(AdviceMode.PROXY, Ordered.HIGHEST_PRECEDENCE));
    }

    @Test
    void everyPropertyCanBeSet() {
        assertThat(properties("ratelimit.aop: {mode: aspectj, order: 100}"))
                .isEqualTo(new AopProperties(AdviceMode.ASPECTJ, 100));
    }

    private static AopProperties properties(String yaml) {
        return BoundApplication.of(yaml).properties(AopProperties.PREFIX, AopProperties.class);
    }
}
