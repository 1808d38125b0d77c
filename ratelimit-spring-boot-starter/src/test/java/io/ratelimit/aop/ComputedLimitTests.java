package io.ratelimit.aop;

import static io.ratelimit.aop.LimitedApplication.taken;
import static io.ratelimit.aop.RateLimitAdvisorTests.assertRejected;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.ratelimit.EmptyKeyException;
import io.ratelimit.RateLimitExceededException;
import io.ratelimit.RateLimiterRegistry;
import io.ratelimit.UnknownLimitException;
import io.ratelimit.annotation.RateLimited;
import io.ratelimit.expression.InvalidCallException;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

/** Limits whose name is computed for each call. */
class ComputedLimitTests {

    private final ApplicationContextRunner failing = LimitedApplication.with(Bean.class);
    private final ApplicationContextRunner unlimited = failing.withPropertyValues("unknown-limit=UNLIMITED");

    @Test
    void theLimitOfACallIsTheOneThatItsExpressionNames() {
        failing.run(context -> {
            Bean bean = context.getBean(Bean.class);
            bean.named("one", "ann");
            assertRejected(() -> bean.named("one", "ann"));
            bean.named("ten", "ann");
            bean.named("ten", "ann");
            bean.named("one", "bob");
            assertThat(taken(context, "one", "ann")).isEqualTo(1);
            assertThat(taken(context, "ten", "ann")).isEqualTo(2);
            assertThat(bean.calls()).isEqualTo(4);
        });
    }

    @Test
    void theNameOfTheLimitIsComputedFromTheCall() {
        failing.run(context -> {
            context.getBean(Bean.class).chosen(true);
            context.getBean(Bean.class).chosen(false);
            context.getBean(Bean.class).joined("n");
            assertThat(taken(context, "ten")).isEqualTo(2);
            assertThat(taken(context, "other")).isEqualTo(1);
        });
    }

    @Test
    void theLimitsOwnCostAndCapacityAreThoseOfTheChosenLimit() {
        failing.run(context -> {
            Bean bean = context.getBean(Bean.class);
            bean.named("dear", "ann");
            assertThat(taken(context, "dear", "ann")).isEqualTo(2.5);
            bean.fiveOf("ten");
            assertThatExceptionOfType(RateLimitExceededException.class)
                    .isThrownBy(() -> bean.fiveOf("one"))
                    .satisfies(ex -> assertThat(ex.getDecision().orElseThrow().isPermanent())
                            .isTrue());
            assertThat(taken(context, "ten")).isEqualTo(5);
        });
    }

    static Stream<Arguments> noNames() {
        return Stream.of(
                Arguments.of(null, "gave null; "),
                Arguments.of("", "gave a blank text; "),
                Arguments.of(" \t", "gave a blank text; "),
                Arguments.of(4711, "gave a java.lang.Integer, no text; "),
                Arguments.of(new StringBuilder("ten-secret"), "gave a java.lang.StringBuilder, no text; "),
                Arguments.of("secret-".repeat(10), "gave a text of more than 64 characters; "));
    }

    @ParameterizedTest
    @MethodSource("noNames")
    void aValueThatIsNoNameIsReportedWithMethodAndAttributeButNotWithTheValue(Object value, String problem) {
        failing.run(context -> {
            Bean bean = context.getBean(Bean.class);
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> bean.any(value))
                    .withMessageStartingWith("Invalid limitExpression of @RateLimited on " + Bean.class.getName()
                            + "#any(Object): \"#plan\" ")
                    .withMessageContaining(problem)
                    .withMessageContaining("nothing was charged; return the name of a limit")
                    .withMessageNotContaining("secret")
                    .withMessageNotContaining("4711");
            assertThat(bean.calls()).isZero();
            assertThat(taken(context, "other")).isZero();
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"FAIL", "UNLIMITED"})
    void aNullPartOfANameIsNoNameAlsoIfUndefinedOnesAreIgnored(String policy) {
        failing.withPropertyValues("unknown-limit=" + policy).run(context -> {
            Bean bean = context.getBean(Bean.class);
            for (ThrowingCallable call : List.<ThrowingCallable>of(
                    () -> bean.joined(null), () -> bean.optional(null), () -> bean.optional(Optional.empty()))) {
                assertThatExceptionOfType(InvalidCallException.class)
                        .isThrownBy(call)
                        .withMessageContaining("gave null; nothing was charged; return the name of a limit");
            }
            assertThat(bean.calls()).isZero();
            bean.optional(Optional.of("n"));
            bean.defaulted(null);
            assertThat(taken(context, "ten")).isEqualTo(2);
        });
    }

    @Test
    void aNameThatIsNotDefinedIsAMistakeOfTheCallerAndChargesNothing() {
        failing.run(context -> {
            Bean bean = context.getBean(Bean.class);
            assertThatExceptionOfType(InvalidCallException.class)
                    .isThrownBy(() -> bean.any("secret"))
                    .withMessage("Invalid limitExpression of @RateLimited on " + Bean.class.getName()
                            + "#any(Object): \"#plan\" gave the name of a limit that is not defined; nothing was"
                            + " charged; define the limit, or return the name of another one")
                    .satisfies(ex -> assertThat(ex.getRule()).isEqualTo("no limit of that name is defined"))
                    .satisfies(ex -> assertThat(ex.getValue()).isEmpty());
            assertThat(bean.calls()).isZero();
            assertThat(taken(context, "other")).isZero();
        });
    }

    @Test
    void aNameInTheExpressionWhoseLimitWasRemovedIsAMistakeOfTheApplication() {
        failing.run(context -> {
            context.getBean(RateLimiterRegistry.class).remove("ten");
            assertThatExceptionOfType(UnknownLimitException.class)
                    .isThrownBy(() -> context.getBean(Bean.class).chosen(true));
        });
    }

    @Test
    void anUndefinedNameIsIgnoredIfConfigured() {
        unlimited.run(context -> {
            Bean bean = context.getBean(Bean.class);
            for (int i = 0; i < 20; i++) {
                bean.named("enterprise", null);
                bean.named("secret-".repeat(10), null);
            }
            assertThat(bean.calls()).isEqualTo(40);
            assertThat(taken(context, "other")).isZero();
        });
    }

    @Test
    void theOtherLimitsOfTheCallStillApplyIfAnUndefinedNameIsIgnored() {
        unlimited.run(context -> {
            Bean bean = context.getBean(Bean.class);
            bean.any("enterprise");
            assertThat(taken(context, "other")).isEqualTo(1);
        });
    }

    @Test
    void aDefinedNameAppliesIfUndefinedOnesAreIgnored() {
        unlimited.run(context -> {
            Bean bean = context.getBean(Bean.class);
            bean.named("one", "ann");
            assertRejected(() -> bean.named("one", "ann"));
            assertThatIllegalArgumentException().isThrownBy(() -> bean.any(null));
            assertThatExceptionOfType(EmptyKeyException.class)
                    .isThrownBy(() -> bean.named("ten", null))
                    .satisfies(ex -> assertThat(ex.getLimit()).isEqualTo("ten"));
        });
    }

    @Test
    void anUndefinedNameInTheAnnotationFailsEvenIfComputedOnesAreIgnored() {
        unlimited.run(context -> {
            context.getBean(RateLimiterRegistry.class).remove("other");
            assertThatExceptionOfType(UnknownLimitException.class)
                    .isThrownBy(() -> context.getBean(Bean.class).any("ten"));
        });
    }

    @Test
    void aLimitThatIsDefinedLaterAppliesFromThenOn() {
        failing.run(context -> {
            Bean bean = context.getBean(Bean.class);
            context.getBean(RateLimiterRegistry.class).define(io.ratelimit.Limit.of("late", "1/h"));
            bean.named("late", "ann");
            assertRejected(() -> bean.named("late", "ann"));
        });
    }

    @Test
    void aFalseConditionComputesNoName() {
        failing.run(context -> {
            context.getBean(Bean.class).conditional(null);
            assertThat(context.getBean(Bean.class).calls()).isEqualTo(1);
        });
    }

    @Test
    void theMethodIsListedAsComputingItsLimitAndUnderTheNamesInItsExpression() {
        failing.run(context -> {
            RateLimitedMethodRegistry methods = context.getBean(RateLimitedMethodRegistry.class);
            String bean = Bean.class.getName();
            assertThat(methods.withComputedLimit())
                    .containsExactly(
                            bean + "#any(Object)",
                            bean + "#chosen(boolean)",
                            bean + "#conditional(String)",
                            bean + "#defaulted(String)",
                            bean + "#fiveOf(String)",
                            bean + "#joined(String)",
                            bean + "#named(String,String)",
                            bean + "#optional(Optional)");
            assertThat(methods.usedBy("ten")).containsExactly(bean + "#chosen(boolean)");
            assertThat(methods.usedBy("other")).containsExactly(bean + "#any(Object)", bean + "#chosen(boolean)");
        });
    }

    static class Bean {

        private int calls;

        int calls() {
            return calls;
        }

        @RateLimited(limitExpression = "#plan", key = "#user")
        public void named(String plan, String user) {
            calls++;
        }

        @RateLimited(limitExpression = "#plan")
        @RateLimited("other")
        public void any(Object plan) {
            calls++;
        }

        @RateLimited(limitExpression = "#pays ? 'ten' : 'other'")
        public void chosen(boolean pays) {
            calls++;
        }

        @RateLimited(limitExpression = "'te' + #end")
        public void joined(String end) {
            calls++;
        }

        @RateLimited(limitExpression = "'te' + #end")
        public void optional(Optional<String> end) {
            calls++;
        }

        @RateLimited(limitExpression = "'te' + (#end ?: 'n')")
        public void defaulted(String end) {
            calls++;
        }

        @RateLimited(limitExpression = "#plan", cost = 5)
        public void fiveOf(String plan) {
            calls++;
        }

        @RateLimited(limitExpression = "#plan", condition = "#plan != null")
        public void conditional(String plan) {
            calls++;
        }
    }
}
