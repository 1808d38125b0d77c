package io.ratelimit.aop;

import static io.ratelimit.aop.LimitedApplication.taken;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.ratelimit.RateLimitExceededException;
import io.ratelimit.annotation.RateLimited;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

class CostExpressionTests {

    private final ApplicationContextRunner runner = LimitedApplication.with(Bean.class);

    static Stream<Arguments> numbers() {
        return Stream.of(
                Arguments.of(3, 3),
                Arguments.of(3L, 3),
                Arguments.of((short) 3, 3),
                Arguments.of((byte) 3, 3),
                Arguments.of(2.5, 2.5),
                Arguments.of(0.1, 0.1),
                Arguments.of(0.1f, 0.1),
                Arguments.of(0.1 + 0.2, 0.301),
                Arguments.of(0.0001, 0.001),
                Arguments.of(0, 0),
                Arguments.of(-0.0, 0),
                Arguments.of(new BigDecimal("1.0000000000000000001"), 1.001),
                Arguments.of(new BigDecimal("9.9999999999999999999"), 10),
                Arguments.of(new BigDecimal("1E-1000000000"), 0.001),
                Arguments.of(BigInteger.TEN, 10),
                Arguments.of(new AtomicLong(4), 4));
    }

    @ParameterizedTest
    @MethodSource("numbers")
    void aComputedCostIsRoundedUpToAThousandth(Number cost, double taken) {
        runner.run(context -> {
            context.getBean(Bean.class).call(cost);
            assertThat(taken(context, "ten")).isEqualTo(taken);
        });
    }

    static Stream<Object> unusable() {
        return Stream.of(
                -1,
                -1L,
                -0.001,
                new BigDecimal("-1E-30"),
                Integer.MIN_VALUE,
                Double.NaN,
                Float.NaN,
                Double.POSITIVE_INFINITY,
                Double.NEGATIVE_INFINITY,
                "12",
                Duration.ofSeconds(1));
    }

    @ParameterizedTest
    @MethodSource("unusable")
    void aCostThatCannotBeChargedIsNamedAndNothingIsCharged(Object cost) {
        assertUnusable(cost);
    }

    @Test
    void aCostOfNullIsNamedAndNothingIsCharged() {
        assertUnusable(null);
    }

    private void assertUnusable(@org.jspecify.annotations.Nullable Object cost) {
        runner.run(context -> {
            Bean bean = context.getBean(Bean.class);
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> bean.keyed("secret-key", cost))
                    .withMessageContaining(
                            "costExpression of @RateLimited on " + Bean.class.getName() + "#keyed(String,Object)")
                    .withMessageContaining("nothing was charged")
                    .withMessageNotContaining("secret-key");
            assertThat(taken(context, "ten", "secret-key")).isZero();
            assertThat(taken(context, "other")).isZero();
            assertThat(bean.ran()).isFalse();
        });
    }

    static Stream<Number> tooMuch() {
        return Stream.of(10.001, 1e300, Long.MAX_VALUE, new BigDecimal("1E+1000000000"), Integer.MAX_VALUE);
    }

    @ParameterizedTest
    @MethodSource("tooMuch")
    void aComputedCostAboveTheCapacityIsRejectedPermanently(Number cost) {
        runner.run(context -> {
            assertThatExceptionOfType(RateLimitExceededException.class)
                    .isThrownBy(() -> context.getBean(Bean.class).call(cost))
                    .satisfies(ex -> assertThat(ex.getRetryAfter()).isEmpty());
            assertThat(taken(context, "ten")).isZero();
        });
    }

    static class Bean {

        private boolean ran;

        public boolean ran() {
            return ran;
        }

        @RateLimited(limit = "ten", costExpression = "#cost")
        public void call(Number cost) {}

        @RateLimited("other")
        @RateLimited(limit = "ten", key = "#user", costExpression = "#cost")
        public void keyed(String user, Object cost) {
            ran = true;
        }
    }
}
