package io.ratelimit.aop;

import static org.assertj.core.api.Assertions.assertThat;

import io.ratelimit.UnknownLimitException;
import io.ratelimit.annotation.CostResolver;
import io.ratelimit.annotation.KeyResolver;
import io.ratelimit.annotation.LimitResolver;
import io.ratelimit.annotation.RateLimited;
import io.ratelimit.expression.CallSnapshot;
import io.ratelimit.expression.ExpressionCompiler;
import io.ratelimit.expression.ExpressionParameters;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.support.GenericApplicationContext;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.ParallelFlux;

class StartupFailureTests {

    static Stream<Arguments> mistakes() {
        return Stream.of(
                mistake(UnknownLimit.class, "limit", "\"tenn\": unknown limit", "did you mean \"ten\"? "),
                mistake(
                        UnknownPlaceholder.class,
                        "limit",
                        "\"${no.such}\": has a placeholder without a value",
                        "define the property"),
                mistake(NoExpression.class, "key", "\"#user.\": not an expression (", "write for example #userId"),
                mistake(
                        UnknownVariable.class,
                        "key",
                        "\"#usr\": unknown variable #usr",
                        "did you mean #user? Its parameters are #user, #n"),
                mistake(StrangeVariable.class, "key", "unknown variable #session", "its parameters are #user"),
                mistake(NoParameters.class, "key", "unknown variable #user", "the method has no parameters"),
                mistake(IndexTooHigh.class, "key", "unknown variable #p1", "its parameters are #user"),
                mistake(NoHash.class, "key", "\"user\": the call has no property user", "did you mean #user?"),
                mistake(NoProperty.class, "key", "java.lang.String has no property name", "check its spelling"),
                mistake(NoNestedProperty.class, "key", "Holder has no property nme", "check its spelling"),
                mistake(
                        NoMethod.class,
                        "condition",
                        "java.lang.String has no public method isEmty with 0 arguments",
                        "check its spelling"),
                mistake(
                        OtherArguments.class,
                        "key",
                        "has no public method concat with 2 arguments",
                        "another number of arguments"),
                mistake(NoBean.class, "key", "there is no bean named plans", "define it"),
                mistake(NoType.class, "key", "there is no type com.acme.Plans", "write its full name"),
                mistake(Function.class, "key", "#hash(#user) is not allowed", "call a method of a bean"),
                mistake(Assigning.class, "key", "is not allowed", "call a method of a bean"),
                mistake(ArrayKey.class, "key", "an array cannot be a key", "use an element"),
                mistake(KeyWithoutText.class, "key", "Holder does not override toString", "use one of its properties"),
                mistake(VoidKey.class, "key", "has no value", "write an expression with a value"),
                mistake(
                        CostOfText.class,
                        "costExpression",
                        "\"#user\": has the type String, not number",
                        "write an expression of a number"),
                mistake(
                        CostOfComparison.class,
                        "costExpression",
                        "has the type Boolean, not number",
                        "write an expression of a number"),
                mistake(
                        ConditionOfNumber.class,
                        "condition",
                        "\"#n\": has the type Integer, not boolean",
                        "write an expression of a boolean"),
                mistake(NegativeCost.class, "cost", "\"-1\": negative", "use zero (free) or a positive number"),
                mistake(NaNCost.class, "cost", "\"NaN\": not finite", "use zero (free) or a positive number"),
                mistake(InfiniteCost.class, "cost", "\"Infinity\": not finite", "use zero (free) or a positive number"),
                mistake(FineCost.class, "cost", "\"0.0001\": finer than 0.001", "use at most three decimal places"),
                mistake(
                        HighCost.class,
                        "cost",
                        "\"10.5\": the rates [10/h] of limit \"ten\" never hold more than 10",
                        "lower the cost or raise the burst"),
                mistake(
                        HighCostAtOnce.class,
                        "cost",
                        "\"1.5\": the rates [1 at once] of limit \"single\" never hold more than 1",
                        "lower the cost or raise max-concurrent"),
                mistake(
                        SettledAtOnce.class,
                        "limit",
                        "\"single\": limit \"single\" limits concurrent calls",
                        "drop settle, or name another limit"),
                mistake(
                        SettledAtOnceOrNot.class,
                        "limitExpression",
                        "limit \"single\" limits concurrent calls",
                        "drop settle, or name another limit"),
                mistake(
                        NoDuration.class,
                        "maxWait",
                        "\"soon\": is no duration",
                        "write for example 500ms, 5s or PT1M30S"),
                mistake(
                        NegativeWait.class,
                        "maxWait",
                        "negative (limit \"ten\")",
                        "use 0s for not waiting, or a duration such as 5s"),
                mistake(EndlessWait.class, "maxWait", "longer than can be counted exactly", "use at most "),
                mistake(BothCosts.class, "costExpression", "\"#n\": there is a cost of 2 too", "keep one of the two"),
                mistake(
                        LimitOfNumber.class,
                        "limitExpression",
                        "\"#n\": has the type Integer, not text",
                        "write an expression of a text"),
                mistake(NoLimitExpression.class, "limitExpression", "unknown variable #pln", "did you mean #plan?"),
                mistake(
                        SpeltLimit.class,
                        "limitExpression",
                        "\"#n > 1 ? 'ten' : (#n == 0 ? 'one' : 'tenn')\": unknown limit \"tenn\"",
                        "did you mean \"ten\"? Define ratelimit.limits.tenn, or use one of "),
                mistake(SpeltElvis.class, "limitExpression", "unknown limit \"tenn\"", "did you mean \"ten\"?"),
                mistake(
                        HighCostOfSpelt.class,
                        "cost",
                        "\"5\": the rates [1/h] of limit \"one\" never hold more than 1",
                        "lower the cost or raise the burst"),
                mistake(
                        BothLimits.class,
                        "limitExpression",
                        "\"#plan\": there is a limit of ten too",
                        "keep one of the two"),
                mistake(
                        ThirdLimit.class,
                        "limitResolver",
                        "\"" + Plans.class.getName() + "\": there is a limitExpression of #plan too",
                        "keep one of the two"),
                mistake(LimitAndResolver.class, "limitResolver", "there is a limit of ten too", "keep one of the two"),
                mistake(BothKeys.class, "keyResolver", "there is a key of #plan too", "keep one of the two"),
                mistake(CostAndResolver.class, "costResolver", "there is a cost of 2 too", "keep one of the two"),
                mistake(
                        CostExpressionAndResolver.class,
                        "costResolver",
                        "there is a costExpression of #n too",
                        "keep one of the two"),
                mistake(
                        NoLimitBean.class,
                        "limitResolver",
                        "\"" + Plans.class.getName() + "\": there is no bean of this class",
                        "annotate the class with @Component, or declare a @Bean of it"),
                mistake(NoKeyBean.class, "keyResolver", "there is no bean of this class", "declare a @Bean of it"),
                mistake(NoCostBean.class, "costResolver", "there is no bean of this class", "declare a @Bean of it"),
                mistake(
                        SeveralBeans.class,
                        "keyResolver",
                        "there are several beans of this class: a, b",
                        "mark one of them as @Primary, or name a class that only one has"),
                mistake(NoFallback.class, "fallback", "\"gone\": no such method in", "declare String gone(String,int)"),
                mistake(
                        OtherParameters.class,
                        "fallback",
                        "\"instead\": has other parameters",
                        "declare String instead(String)"),
                mistake(
                        OtherReturn.class,
                        "fallback",
                        "\"instead\": returns Integer, which is no String",
                        "declare String instead(String)"),
                mistake(ItselfAsFallback.class, "fallback", "\"call\": no such method", "declare String call(String)"),
                mistake(
                        PlainFallbackOfMono.class,
                        "fallback",
                        "returns String, which is no Mono",
                        "declare Mono instead()"),
                mistake(
                        StrangeStage.class,
                        "method",
                        "a rejection cannot be a failed",
                        "return CompletionStage or CompletableFuture"),
                mistake(StrangePublisher.class, "method", "ParallelFlux", "return Mono or Flux"),
                mistake(TypoBesideSelection.class, "condition", "has no property sise", "check its spelling"),
                mistake(SecondOfTwo.class, "key", "unknown variable #usr", "did you mean #user?"),
                mistake(OnTheClass.class, "key", "unknown variable #user", "its parameters are #id"));
    }

    private static Arguments mistake(Class<?> bean, String attribute, String problem, String fix) {
        return Arguments.of(bean, attribute, problem, fix);
    }

    @ParameterizedTest
    @MethodSource("mistakes")
    void aMistakeStopsTheStartAndNamesMethodValueRuleAndFix(
            Class<?> bean, String attribute, String problem, String fix) {
        InvalidRateLimitedException failure = failure(bean);
        assertThat(failure.getMethod()).startsWith(bean.getName() + "#call(");
        assertThat(failure.getAttribute()).isEqualTo(attribute);
        assertThat(failure.getProblem()).contains(problem);
        assertThat(failure.getFix()).contains(fix);
        assertThat(failure)
                .hasMessage("Invalid @RateLimited on " + failure.getMethod() + ": " + attribute + " "
                        + failure.getProblem() + "; " + failure.getFix());
    }

    @Test
    void anUnknownLimitKeepsTheExceptionThatSuggestsANearName() {
        assertThat(failure(UnknownLimit.class)).hasCauseInstanceOf(UnknownLimitException.class);
    }

    @Test
    void aMistakeStopsTheStartEvenWhereLimitingIsSwitchedOff() {
        LimitedApplication.with(UnknownVariable.class)
                .withPropertyValues("enabled=false")
                .run(context -> assertThat(context).hasFailed());
    }

    @Test
    void aBeanThatIsRegisteredLaterIsCheckedWhenItIsCreated() {
        LimitedApplication.with().run(context -> {
            assertThat(context).hasNotFailed();
            ((GenericApplicationContext) context.getSourceApplicationContext()).registerBean(UnknownLimit.class);
            assertThat(org.assertj.core.api.Assertions.catchThrowable(() -> context.getBean(UnknownLimit.class)))
                    .hasRootCauseInstanceOf(UnknownLimitException.class);
        });
    }

    @Test
    void membersThatDeclaredTypesDoNotShowAreCheckedByTheCall() {
        LimitedApplication.with(Dynamic.class)
                .run(context -> assertThat(context).hasNotFailed());
    }

    @Test
    void withoutParameterNamesTheMessageSuggestsToCompileThem() throws Exception {
        AnnotationAttribute origin =
                new AnnotationAttribute(NoNames.class.getDeclaredMethods()[0], NoNames.class, "key", "#user");
        ExpressionParameters nameless = new ExpressionParameters(
                List.of(),
                List.of(org.springframework.core.ResolvableType.forClass(String.class)),
                Map.of("p0", 0, "a0", 0),
                NoNames.class);
        ExpressionCompiler expressions = new ExpressionCompiler(
                new org.springframework.beans.factory.support.DefaultListableBeanFactory(), null);
        assertThat(org.assertj.core.api.Assertions.catchThrowable(
                        () -> expressions.parse(origin, nameless, Object.class)))
                .isInstanceOf(InvalidRateLimitedException.class)
                .hasMessageContaining("class file has no parameter names")
                .hasMessageContaining("-parameters")
                .hasMessageContaining("#p0");
        assertThat(expressions
                        .parse(origin.at("key", "#p0"), nameless, Object.class)
                        .of(new CallSnapshot(null, origin.method(), new Object[] {"ann"})))
                .isEqualTo("ann");
    }

    private static InvalidRateLimitedException failure(Class<?> bean) {
        InvalidRateLimitedException[] found = new InvalidRateLimitedException[1];
        LimitedApplication.with(bean).run(context -> {
            assertThat(context).hasFailed();
            for (Throwable ex = context.getStartupFailure(); ex != null; ex = ex.getCause()) {
                if (ex instanceof InvalidRateLimitedException invalid) {
                    found[0] = invalid;
                }
            }
            assertThat(found[0]).as("in %s", context.getStartupFailure()).isNotNull();
        });
        return found[0];
    }

    public static class Holder<T> {
        public T getName() {
            throw new UnsupportedOperationException();
        }

        public void nothing() {}
    }

    interface NoNames {
        void call(String user);
    }

    static class UnknownLimit {
        @RateLimited("tenn")
        public void call() {}
    }

    static class UnknownPlaceholder {
        @RateLimited("${no.such}")
        public void call() {}
    }

    static class NoExpression {
        @RateLimited(limit = "ten", key = "#user.")
        public void call(String user) {}
    }

    static class UnknownVariable {
        @RateLimited(limit = "ten", key = "#usr")
        public void call(String user, int n) {}
    }

    static class StrangeVariable {
        @RateLimited(limit = "ten", key = "#session")
        public void call(String user) {}
    }

    static class NoParameters {
        @RateLimited(limit = "ten", key = "#user")
        public void call() {}
    }

    static class IndexTooHigh {
        @RateLimited(limit = "ten", key = "#p1")
        public void call(String user) {}
    }

    static class NoHash {
        @RateLimited(limit = "ten", key = "user")
        public void call(String user) {}
    }

    static class NoProperty {
        @RateLimited(limit = "ten", key = "#user.name")
        public void call(String user) {}
    }

    static class NoNestedProperty {
        @RateLimited(limit = "ten", key = "'x' + #list[0].nme")
        public void call(List<Holder<String>> list) {}
    }

    static class NoMethod {
        @RateLimited(limit = "ten", condition = "!#holder.name.isEmty()")
        public void call(Holder<String> holder) {}
    }

    static class OtherArguments {
        @RateLimited(limit = "ten", key = "#user.concat('a', 'b')")
        public void call(String user) {}
    }

    static class NoBean {
        @RateLimited(limit = "ten", key = "@plans.of(#user)")
        public void call(String user) {}
    }

    static class NoType {
        @RateLimited(limit = "ten", key = "T(com.acme.Plans).of(#user)")
        public void call(String user) {}
    }

    static class Function {
        @RateLimited(limit = "ten", key = "#hash(#user)")
        public void call(String user) {}
    }

    static class Assigning {
        @RateLimited(limit = "ten", key = "#user = 'ann'")
        public void call(String user) {}
    }

    static class ArrayKey {
        @RateLimited(limit = "ten", key = "#ids")
        public void call(byte[] ids) {}
    }

    static class KeyWithoutText {
        @RateLimited(limit = "ten", key = "#holder")
        public void call(Holder<String> holder) {}
    }

    static class VoidKey {
        @RateLimited(limit = "ten", key = "#holder.nothing()")
        public void call(Holder<String> holder) {}
    }

    static class CostOfText {
        @RateLimited(limit = "ten", costExpression = "#user")
        public void call(String user) {}
    }

    static class CostOfComparison {
        @RateLimited(limit = "ten", costExpression = "#n > 1")
        public void call(int n) {}
    }

    static class ConditionOfNumber {
        @RateLimited(limit = "ten", condition = "#n")
        public void call(int n) {}
    }

    static class NegativeCost {
        @RateLimited(limit = "ten", cost = -1)
        public void call() {}
    }

    static class NaNCost {
        @RateLimited(limit = "ten", cost = Double.NaN)
        public void call() {}
    }

    static class InfiniteCost {
        @RateLimited(limit = "ten", cost = Double.POSITIVE_INFINITY)
        public void call() {}
    }

    static class FineCost {
        @RateLimited(limit = "ten", cost = 0.0001)
        public void call() {}
    }

    static class HighCost {
        @RateLimited(limit = "ten", cost = 10.5)
        public void call() {}
    }

    static class HighCostAtOnce {
        @RateLimited(limit = "single", cost = 1.5)
        public void call() {}
    }

    static class SettledAtOnce {
        @RateLimited(limit = "single", settle = "#result")
        public int call() {
            return 1;
        }
    }

    static class SettledAtOnceOrNot {
        @RateLimited(limitExpression = "#n > 0 ? 'ten' : 'single'", settle = "#result")
        public int call(int n) {
            return n;
        }
    }

    static class SettledVoid {
        @RateLimited(limit = "ten", settle = "#result")
        public void call() {}
    }

    static class SettledFlux {
        @RateLimited(limit = "ten", settle = "#result")
        public Flux<Integer> call() {
            return Flux.empty();
        }
    }

    static class SettledNothing {
        @RateLimited(limit = "ten", settle = "#result")
        public CompletableFuture<Void> call() {
            return CompletableFuture.completedFuture(null);
        }
    }

    static class SettledText {
        @RateLimited(limit = "ten", settle = "#result")
        public String call() {
            return "";
        }
    }

    static class NoDuration {
        @RateLimited(limit = "ten", maxWait = "soon")
        public void call() {}
    }

    static class NegativeWait {
        @RateLimited(limit = "ten", maxWait = "-1s")
        public void call() {}
    }

    static class EndlessWait {
        @RateLimited(limit = "ten", maxWait = "40000d")
        public void call() {}
    }

    static class BothCosts {
        @RateLimited(limit = "ten", cost = 2, costExpression = "#n")
        public void call(int n) {}
    }

    static class LimitOfNumber {
        @RateLimited(limitExpression = "#n")
        public void call(int n) {}
    }

    static class NoLimitExpression {
        @RateLimited(limitExpression = "#pln")
        public void call(String plan) {}
    }

    static class SpeltLimit {
        @RateLimited(limitExpression = "#n > 1 ? 'ten' : (#n == 0 ? 'one' : 'tenn')")
        public void call(int n) {}
    }

    static class SpeltElvis {
        @RateLimited(limitExpression = "#plan ?: 'tenn'")
        public void call(String plan) {}
    }

    static class HighCostOfSpelt {
        @RateLimited(limitExpression = "#plan ?: 'one'", cost = 5)
        public void call(String plan) {}
    }

    static class BothLimits {
        @RateLimited(limit = "ten", limitExpression = "#plan")
        public void call(String plan) {}
    }

    static class ThirdLimit {
        @RateLimited(limitExpression = "#plan", limitResolver = Plans.class)
        public void call(String plan) {}
    }

    static class LimitAndResolver {
        @RateLimited(value = "ten", limitResolver = Plans.class)
        public void call() {}
    }

    static class BothKeys {
        @RateLimited(limit = "ten", key = "#plan", keyResolver = Keys.class)
        public void call(String plan) {}
    }

    static class CostAndResolver {
        @RateLimited(limit = "ten", cost = 2, costResolver = Costs.class)
        public void call() {}
    }

    static class CostExpressionAndResolver {
        @RateLimited(limit = "ten", costExpression = "#n", costResolver = Costs.class)
        public void call(int n) {}
    }

    static class NoLimitBean {
        @RateLimited(limitResolver = Plans.class)
        public void call() {}
    }

    static class NoKeyBean {
        @RateLimited(limit = "ten", keyResolver = Keys.class)
        public void call() {}
    }

    static class NoCostBean {
        @RateLimited(limit = "ten", costResolver = Costs.class)
        public void call() {}
    }

    interface Plans extends LimitResolver {}

    interface Keys extends KeyResolver {}

    interface Costs extends CostResolver {}

    @Configuration(proxyBeanMethods = false)
    public static class SeveralBeans {
        @Bean
        Keys a() {
            return call -> "a";
        }

        @Bean
        Keys b() {
            return call -> "b";
        }

        @RateLimited(limit = "ten", keyResolver = Keys.class)
        public void call() {}
    }

    static class NoFallback {
        @RateLimited(limit = "ten", fallback = "gone")
        public String call(String user, int n) {
            return user;
        }
    }

    static class OtherParameters {
        @RateLimited(limit = "ten", fallback = "instead")
        public String call(String user) {
            return user;
        }

        String instead(Object user) {
            return "";
        }

        String instead(String user, IllegalStateException rejection) {
            return "";
        }
    }

    static class OtherReturn {
        @RateLimited(limit = "ten", fallback = "instead")
        public String call(String user) {
            return user;
        }

        Integer instead(String user) {
            return 1;
        }
    }

    static class ItselfAsFallback {
        @RateLimited(limit = "ten", fallback = "call")
        public String call(String user) {
            return user;
        }
    }

    static class PlainFallbackOfMono {
        @RateLimited(limit = "ten", fallback = "instead")
        public Mono<String> call() {
            return Mono.empty();
        }

        String instead() {
            return "";
        }
    }

    static class StrangeStage {
        static final class Own<T> extends CompletableFuture<T> {}

        @RateLimited("ten")
        public Own<String> call() {
            return new Own<>();
        }
    }

    static class StrangePublisher {
        @RateLimited("ten")
        public ParallelFlux<String> call() {
            return Mono.just("").flux().parallel();
        }
    }

    static class SecondOfTwo {
        @RateLimited("ten")
        @RateLimited(limit = "ten", key = "#usr")
        public void call(String user) {}
    }

    @RateLimited(limit = "ten", key = "#user")
    static class OnTheClass {
        public void call(String id) {}
    }

    static class TypoBesideSelection {

        @RateLimited(limit = "ten", condition = "#users.?[length() > 3].size() + #users.sise > 0")
        public void call(List<String> users) {}
    }

    static class Settings {}

    static class RegionalSettings extends Settings {

        public String getRegion() {
            return "eu";
        }
    }

    static class Dynamic {

        @RateLimited(limit = "ten", key = "#any.whatever")
        public void ofObject(Object any) {}

        @RateLimited(limit = "ten", key = "#map.tenant.id + #map['x'].y")
        public void ofMap(Map<String, Object> map) {}

        @RateLimited(limit = "ten", key = "#any.whatever.id()")
        public <T extends Number> void ofVariable(T any) {}

        @RateLimited(limit = "ten", key = "#list.![whatever]", costExpression = "#any", condition = "#any")
        public void ofProjection(List<Object> list, Object any) {}

        @RateLimited(limit = "ten", key = "#root.target.settings.region")
        public void ofTarget() {}

        @RateLimited(limit = "ten", key = "#list.?[settings.region == 'eu'].size()")
        public void ofElements(List<Dynamic> list) {}

        public Settings getSettings() {
            return new RegionalSettings();
        }

        @RateLimited(limit = "ten", key = "#root.args[0]", costExpression = "#n", condition = "#flag == true")
        public void ofRoot(String user, Number n, Boolean flag) {}
    }
}
