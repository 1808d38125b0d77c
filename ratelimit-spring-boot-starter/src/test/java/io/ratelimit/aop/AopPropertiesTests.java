package io.ratelimit.aop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.ratelimit.autoconfigure.BoundApplication;
import io.ratelimit.autoconfigure.InvalidRateLimitPropertyException;
import org.junit.jupiter.api.Test;
import org.springframework.context.annotation.AdviceMode;
import org.springframework.core.Ordered;

class AopPropertiesTests {

    @Test
    void everyPropertyHasADefault() {
        AopProperties properties = properties("");
        assertThat(properties).isEqualTo(new AopProperties(AdviceMode.PROXY, null, IneffectivePolicy.FAIL));
        assertThat(properties.orderNumber()).isNull();
    }

    @Test
    void everyPropertyCanBeSet() {
        AopProperties properties = properties("ratelimit.aop: {mode: aspectj, order: 100, ineffective: warn}");
        assertThat(properties).isEqualTo(new AopProperties(AdviceMode.ASPECTJ, "100", IneffectivePolicy.WARN));
        assertThat(properties.orderNumber()).isEqualTo(100);
    }

    @Test
    void theOrderIsANumberOrTheWordFirst() {
        assertThat(properties("ratelimit.aop.order: first").orderNumber()).isEqualTo(Ordered.HIGHEST_PRECEDENCE);
        assertThat(properties("ratelimit.aop.order: First").orderNumber()).isEqualTo(Ordered.HIGHEST_PRECEDENCE);
        assertThat(properties("ratelimit.aop.order: -5").orderNumber()).isEqualTo(-5);
        assertThatExceptionOfType(InvalidRateLimitPropertyException.class)
                .isThrownBy(() -> new AopProperties(AdviceMode.PROXY, "last", IneffectivePolicy.FAIL))
                .withMessageContaining("ratelimit.aop.order = \"last\": is neither an integer nor \"first\"")
                .withMessageContaining("use a number such as 700");
    }

    private static AopProperties properties(String yaml) {
        return BoundApplication.of(yaml).properties(AopProperties.PREFIX, AopProperties.class);
    }
}
