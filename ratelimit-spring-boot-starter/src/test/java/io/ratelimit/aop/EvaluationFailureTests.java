package io.ratelimit.aop;

import static io.ratelimit.aop.LimitedApplication.taken;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.ratelimit.annotation.CostResolver;
import io.ratelimit.annotation.RateLimited;
import io.ratelimit.annotation.RateLimitedCall;
import io.ratelimit.expression.InvalidCallException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.beans.factory.BeanCreationException;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

/** Calls whose expression cannot be evaluated for their values. */
class EvaluationFailureTests {

    private static final String SECRET = "secret-user";

    private final ApplicationContextRunner application =
            LimitedApplication.with(Bean.class).withBean("plans", Plans.class);

    @Test
    void aValueThatCannotBeConvertedIsReportedWithMethodAndAttributeButNotWithTheValue() {
        assertTellsNothing("converted", "key", "type conversion error");
    }

    @Test
    void aMissingPropertyIsReportedWithMethodAndAttributeButNotWithTheValue() {
        assertTellsNothing("dynamic", "key", "property or field not readable");
    }

    @Test
    void aMissingIndexIsReportedWithMethodAndAttributeButNotWithTheValue() {
        assertTellsNothing("indexed", "costExpression", "collection index out of bounds");
    }

    @Test
    void aConditionIsTreatedAlike() {
        assertTellsNothing("conditional", "condition", "not comparable");
    }

    @ParameterizedTest
    @CsvSource({
        "substring, key, string index out of bounds exception",
        "parsed, costExpression, number format exception",
        "constructed, costExpression, number format exception",
        "matched, condition, stack overflow error",
        "divided, key, arithmetic exception",
        "read, key, exception during property read"
    })
    void aMethodOrOperatorOfThePlatformThatDoesNotAcceptAValueIsReportedAlike(
            String method, String attribute, String problem) {
        assertTellsNothing(method, attribute, problem);
    }

    @ParameterizedTest
    @ValueSource(strings = {"divided", "named"})
    void aCompiledExpressionFailsLikeAnInterpretedOne(String method) {
        application.run(context -> {
            Bean bean = context.getBean(Bean.class);
            Throwable interpreted = catchThrowable(() -> call(bean, method));
            for (int i = 0; i < 300; i++) {
                bean.divided(SECRET, 1);
                bean.named(new User("ann"));
            }
            assertThat(interpreted).isExactlyInstanceOf(InvalidCallException.class);
            for (int i = 0; i < 300; i++) {
                assertThatThrownBy(() -> call(bean, method))
                        .isExactlyInstanceOf(InvalidCallException.class)
                        .hasMessage(interpreted.getMessage());
            }
        });
    }

    @Test
    void theExceptionNamesLimitAttributeAndRule() {
        application.run(context -> {
            Bean bean = context.getBean(Bean.class);
            assertThat(catchThrowableOfType(InvalidCallException.class, () -> bean.priced(-1.5)))
                    .satisfies(ex -> {
                        assertThat(ex.getLimit()).hasValue("ten");
                        assertThat(ex.getAttribute()).isEqualTo("costExpression");
                        assertThat(ex.getPlace()).startsWith("costExpression of @RateLimited on ");
                        assertThat(ex.getRule()).isEqualTo("a cost is a finite number that is zero or more");
                        assertThat(ex.getValue()).hasValue("-1.5");
                    });
            assertThat(catchThrowableOfType(InvalidCallException.class, () -> bean.divided(SECRET, 0)))
                    .satisfies(ex -> {
                        assertThat(ex.getLimit()).hasValue("ten");
                        assertThat(ex.getRule())
                                .isEqualTo("it cannot be computed from the values of the call (arithmetic exception)");
                        assertThat(ex.getValue()).isEmpty();
                    });
            assertThat(catchThrowableOfType(InvalidCallException.class, () -> bean.selected(5)))
                    .satisfies(ex -> {
                        assertThat(ex.getLimit()).isEmpty();
                        assertThat(ex.getAttribute()).isEqualTo("limitExpression");
                    });
        });
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 32, 33, 10_000})
    void aLongCostIsCutShort(int digits) {
        Number cost = new java.math.BigDecimal("-" + "7".repeat(digits));
        application.run(context -> assertThat(catchThrowableOfType(
                        InvalidCallException.class,
                        () -> context.getBean(Bean.class).priced(cost)))
                .satisfies(ex -> {
                    assertThat(ex.getMessage()).hasSizeLessThan(300);
                    assertThat(ex.getValue().orElseThrow()).hasSizeLessThanOrEqualTo(33);
                }));
    }

    @Test
    void aBeanThatCannotBeCreatedIsNotTheCallersMistake() {
        LimitedApplication.with(Late.class)
                .withBean(
                        "late",
                        Plans.class,
                        () -> {
                            throw new NoPlan();
                        },
                        definition -> definition.setLazyInit(true))
                .run(context -> assertThatThrownBy(
                                () -> context.getBean(Late.class).late())
                        .isInstanceOf(BeanCreationException.class));
    }

    @Test
    void anExceptionOfAResolverReachesTheCallerUnchanged() {
        LimitedApplication.with(Resolved.class, ThrowingResolver.class)
                .run(context -> assertThatThrownBy(
                                () -> context.getBean(Resolved.class).resolved())
                        .isExactlyInstanceOf(NoPlan.class));
    }

    @ParameterizedTest
    @ValueSource(strings = {"throwing", "throwingGetter", "throwingConstructor", "throwingNumberFormat"})
    void anExceptionOfACalledMethodReachesTheCallerUnchanged(String method) {
        application.run(context -> {
            for (int i = 0; i < 200; i++) {
                assertThatThrownBy(() -> call(context.getBean(Bean.class), method))
                        .isExactlyInstanceOf(
                                method.equals("throwingNumberFormat") ? NumberFormatException.class : NoPlan.class);
            }
        });
    }

    @Test
    void aCheckedExceptionOfACalledMethodIsTheCause() {
        application.run(context -> assertThatThrownBy(() -> call(context.getBean(Bean.class), "throwingChecked"))
                .isExactlyInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("Invalid key of @RateLimited on " + Bean.class.getName() + "#throwingChecked(")
                .hasMessageNotContaining(SECRET)
                .cause()
                .isExactlyInstanceOf(IOException.class)
                .hasMessage("no file"));
    }

    private void assertTellsNothing(String method, String attribute, String problem) {
        application.run(context -> {
            Bean bean = context.getBean(Bean.class);
            assertThatThrownBy(() -> call(bean, method))
                    .isExactlyInstanceOf(InvalidCallException.class)
                    .hasMessageStartingWith(
                            "Invalid " + attribute + " of @RateLimited on " + Bean.class.getName() + "#" + method + "(")
                    .hasMessageContaining("cannot be evaluated (" + problem + "); nothing was charged")
                    .hasNoCause()
                    .extracting(EvaluationFailureTests::stackTrace)
                    .asString()
                    .doesNotContain(SECRET);
            assertThat(bean.ran()).isFalse();
            assertThat(taken(context, "ten")).isZero();
        });
    }

    private static void call(Bean bean, String method) {
        switch (method) {
            case "converted" -> bean.converted(SECRET);
            case "dynamic" -> bean.dynamic(SECRET);
            case "indexed" -> bean.indexed(List.of(SECRET));
            case "conditional" -> bean.conditional(SECRET, Map.of());
            case "substring" -> bean.substring(SECRET);
            case "parsed" -> bean.parsed(SECRET);
            case "constructed" -> bean.constructed(SECRET);
            case "matched" -> bean.matched(SECRET.repeat(10_000));
            case "read" -> bean.read(ByteBuffer.wrap(SECRET.getBytes(StandardCharsets.UTF_8), 0, 1));
            case "divided" -> bean.divided(SECRET, 0);
            case "named" -> bean.named(null);
            case "throwingNumberFormat" -> bean.throwingNumberFormat(SECRET);
            case "throwing" -> bean.throwing(SECRET);
            case "throwingGetter" -> bean.throwingGetter(SECRET);
            case "throwingConstructor" -> bean.throwingConstructor(SECRET);
            default -> bean.throwingChecked(SECRET);
        }
    }

    private static String stackTrace(Throwable failure) {
        java.io.StringWriter text = new java.io.StringWriter();
        failure.printStackTrace(new java.io.PrintWriter(text));
        return text.toString();
    }

    static final class NoPlan extends RuntimeException {

        private static final long serialVersionUID = 1L;

        NoPlan() {
            super("no plan");
        }
    }

    public static class Broken {
        public Broken() {
            throw new NoPlan();
        }

        @Override
        public String toString() {
            return "broken";
        }
    }

    public static class Plans {

        public String of(int number) {
            return "plan-" + number;
        }

        public int number(String text) {
            return Integer.parseInt(text);
        }

        public String none(String user) {
            throw new NoPlan();
        }

        public String getNone() {
            throw new NoPlan();
        }

        public String read(String user) throws IOException {
            throw new IOException("no file");
        }
    }

    public static class User {

        private final String name;

        User(String name) {
            this.name = name;
        }

        public String getName() {
            return name;
        }
    }

    static class ThrowingResolver implements CostResolver {

        @Override
        public Number cost(RateLimitedCall call) {
            throw new NoPlan();
        }
    }

    static class Late {

        @RateLimited(limit = "ten", key = "@late.of(1)")
        public void late() {}
    }

    static class Resolved {

        @RateLimited(limit = "ten", costResolver = ThrowingResolver.class)
        public void resolved() {}
    }

    static class Bean {

        private boolean ran;

        boolean ran() {
            return ran;
        }

        @RateLimited(limit = "ten", key = "@plans.of(#user)")
        public void converted(Object user) {
            ran = true;
        }

        @RateLimited(limit = "ten", key = "#user.name")
        public void dynamic(Object user) {
            ran = true;
        }

        @RateLimited(limit = "ten", costExpression = "#users[1]")
        public void indexed(List<Object> users) {
            ran = true;
        }

        @RateLimited(limit = "ten", condition = "#user > #other")
        public void conditional(Object user, Object other) {
            ran = true;
        }

        @RateLimited(limit = "ten", key = "#user.substring(100)")
        public void substring(String user) {
            ran = true;
        }

        @RateLimited(limit = "ten", costExpression = "T(java.lang.Integer).parseInt(#user)")
        public void parsed(String user) {
            ran = true;
        }

        @RateLimited(limit = "ten", costExpression = "new java.math.BigDecimal(#user)")
        public void constructed(String user) {
            ran = true;
        }

        @RateLimited(limit = "ten", condition = "#user.matches('(s|e|c|r|t|-|u)+')")
        public void matched(String user) {
            ran = true;
        }

        @RateLimited(limit = "ten", key = "#buffer.int")
        public void read(ByteBuffer buffer) {
            ran = true;
        }

        @RateLimited(limit = "ten", key = "10 / #n", cost = 0)
        public void divided(String user, int n) {
            ran |= n == 0;
        }

        @RateLimited(limit = "ten", key = "#user.name", cost = 0)
        public void named(@Nullable User user) {}

        @RateLimited(limit = "ten", costExpression = "#cost")
        public void priced(Number cost) {}

        @RateLimited(limitExpression = "{'ten', 'other'}[#n]")
        public void selected(int n) {}

        @RateLimited(limit = "ten", costExpression = "@plans.number(#user)")
        public void throwingNumberFormat(String user) {}

        @RateLimited(limit = "ten", key = "@plans.none(#user)")
        public void throwing(String user) {}

        @RateLimited(limit = "ten", key = "@plans.none")
        public void throwingGetter(String user) {}

        @RateLimited(limit = "ten", key = "new io.ratelimit.aop.EvaluationFailureTests$Broken()")
        public void throwingConstructor(String user) {}

        @RateLimited(limit = "ten", key = "@plans.read(#user)")
        public void throwingChecked(String user) {}
    }
}
