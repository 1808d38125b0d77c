package io.ratelimit.aop;

import static io.ratelimit.aop.LimitedApplication.taken;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ratelimit.annotation.RateLimited;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
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
    @ValueSource(strings = {"throwing", "throwingGetter", "throwingConstructor"})
    void anExceptionOfACalledMethodReachesTheCallerUnchanged(String method) {
        application.run(context -> {
            for (int i = 0; i < 200; i++) {
                assertThatThrownBy(() -> call(context.getBean(Bean.class), method))
                        .isExactlyInstanceOf(NoPlan.class)
                        .hasMessage("no plan");
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
                    .isExactlyInstanceOf(IllegalArgumentException.class)
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
