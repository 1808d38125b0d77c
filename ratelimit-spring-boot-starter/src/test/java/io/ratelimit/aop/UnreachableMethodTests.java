package io.ratelimit.aop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.ratelimit.annotation.RateLimited;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.beans.factory.BeanCreationException;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Scope;
import org.springframework.context.support.ApplicationObjectSupport;
import org.springframework.context.support.GenericApplicationContext;
import org.springframework.mock.env.MockEnvironment;
import org.springframework.util.StringUtils;

@ExtendWith(OutputCaptureExtension.class)
class UnreachableMethodTests {

    static Stream<Arguments> shapes() {
        return Stream.of(
                Arguments.of(FinalMethod.class, "the method is final", "make it non-final"),
                Arguments.of(PrivateMethod.class, "the method is private", "make it public"),
                Arguments.of(StaticMethod.class, "the method is static", "make it a method of the bean"),
                Arguments.of(FinalClass.class, "its class is final", "make the class non-final"),
                Arguments.of(SealedClass.class, "its class is sealed", "make it non-sealed"),
                Arguments.of(Recorded.class, "its class is a record", "make it a class that is not final"),
                Arguments.of(FinalKotlinClass.class, "its class is final, as Kotlin's", "kotlin(\"plugin.spring\")"),
                Arguments.of(FinalKotlinMethod.class, "the method is final, as Kotlin's", "write open, or apply"),
                Arguments.of(FinalMethodOfClass.class, "the method is final", "make it non-final"),
                Arguments.of(FinalMethodOfAnnotatedParent.class, "the method is final", "make it non-final"),
                Arguments.of(FinalMethodOfInterface.class, "the method is final", "make it non-final"),
                Arguments.of(InheritedFinalMethodOfInterface.class, "the method is final", "make it non-final"),
                Arguments.of(StaticMethodOfInterface.class, "the method is static", "make it a method of the bean"));
    }

    @ParameterizedTest
    @MethodSource("shapes")
    void anAnnotationThatTheProxyCannotApplyStopsTheStart(Class<?> bean, String reason, String cure) {
        LimitedApplication.with(bean)
                .run(context -> assertThat(LimitedApplication.mistake(context))
                        .hasMessageStartingWith("Invalid @RateLimited on " + bean.getName() + "#call()")
                        .hasMessageContaining("has no effect: " + reason)
                        .hasMessageContaining(cure)
                        .hasMessageEndingWith("to start without this limit, set ratelimit.aop.ineffective=warn"));
    }

    @ParameterizedTest
    @MethodSource("shapes")
    void anAnnotationThatTheProxyCannotApplyIsWarnedOfOnceIfThePropertySaysSo(
            Class<?> bean, String reason, String cure, CapturedOutput output) {
        LimitedApplication.with(bean).withPropertyValues("ineffective=WARN").run(context -> {
            assertThat(context).hasNotFailed();
            assertThat(output)
                    .containsOnlyOnce("@RateLimited on " + bean.getName() + "#call() has no effect: " + reason)
                    .contains(cure);
            assertThat(StringUtils.countOccurrencesOf(output.toString(), "has no effect"))
                    .isEqualTo(1);
            assertThat(context.getBean(RateLimitedMethodRegistry.class).usedBy("ten"))
                    .noneMatch(name -> name.endsWith("#call()"));
        });
    }

    @Test
    void anAnnotationWithoutEffectStopsNoStartWhenLimitsAreSwitchedOff(CapturedOutput output) {
        LimitedApplication.with(FinalMethod.class)
                .withPropertyValues("enabled=false")
                .run(context -> {
                    assertThat(context).hasNotFailed();
                    assertThat(output).containsOnlyOnce("has no effect: the method is final");
                });
    }

    @Test
    void theFailureAnalysisTellsTheReasonAndTheCure() {
        LimitedApplication.with(FinalMethod.class).run(context -> {
            FailureAnalysis analysis =
                    new InvalidRateLimitedFailureAnalyzer(new MockEnvironment()).analyze(context.getStartupFailure());
            assertThat(analysis.getDescription())
                    .contains("FinalMethod#call() cannot work:")
                    .contains("method \"call\": has no effect: the method is final, and a proxy cannot override it");
            assertThat(analysis.getAction())
                    .isEqualTo(
                            "Make it non-final; to start without this limit, set" + " ratelimit.aop.ineffective=warn.");
        });
    }

    @Test
    void privateAndStaticHelpersOfAnAnnotatedClassAreNoMistake(CapturedOutput output) {
        LimitedApplication.with(HelpersOfClass.class).run(context -> {
            assertThat(context).hasNotFailed();
            assertThat(output).doesNotContain("has no effect");
            context.getBean(HelpersOfClass.class).reachable();
            assertThat(LimitedApplication.taken(context, "ten")).isEqualTo(1);
        });
    }

    @Test
    void finalMethodsThatAnAnnotatedClassInheritsFromSpringAreNoMistake(CapturedOutput output) {
        LimitedApplication.with(AwareOfContext.class).run(context -> {
            assertThat(context).hasNotFailed();
            assertThat(output).doesNotContain("has no effect");
            context.getBean(AwareOfContext.class).call();
            assertThat(LimitedApplication.taken(context, "ten")).isEqualTo(1);
        });
    }

    @Test
    void aFinalMethodThatAnAnnotatedClassInheritsFromAnotherIsWarnedOf(CapturedOutput output) {
        LimitedApplication.with(InheritedFinalMethod.class).run(context -> {
            assertThat(context).hasNotFailed();
            assertThat(output)
                    .containsOnlyOnce("@RateLimited on " + InheritedFinalMethod.class.getName()
                            + "#call() has no effect: the method is final, and a proxy cannot override it")
                    .contains("annotate the methods that are to be limited instead of the class");
            context.getBean(InheritedFinalMethod.class).reachable();
            assertThat(LimitedApplication.taken(context, "ten")).isEqualTo(1);
        });
    }

    @Test
    void aBeanThatNothingProxiesStopsTheStart() {
        new ApplicationContextRunner()
                .withUserConfiguration(LimitedApplication.Wiring.class, Reachable.class)
                .run(context -> assertThat(LimitedApplication.mistake(context))
                        .hasMessageContaining("its bean has no proxy")
                        .hasMessageContaining("do not switch spring.aop.auto off"));
    }

    @Test
    void aMethodThatNoInterfaceOfADynamicProxyDeclaresStopsTheStart() {
        LimitedApplication.with(Implementation.class)
                .withPropertyValues("spring.aop.proxy-target-class=false")
                .run(context -> assertThat(LimitedApplication.mistake(context))
                        .hasMessageContaining("Implementation#extra()")
                        .hasMessageContaining("no interface of the proxy declares the method")
                        .hasMessageContaining("set spring.aop.proxy-target-class"));
    }

    @Test
    void aPublicMethodOfAnAnnotatedClassThatADynamicProxyHidesIsNoMistake(CapturedOutput output) {
        LimitedApplication.with(AnnotatedImplementation.class)
                .withPropertyValues("spring.aop.proxy-target-class=false")
                .run(context -> {
                    assertThat(context).hasNotFailed();
                    assertThat(output).doesNotContain("has no effect");
                    context.getBean(Calling.class).call();
                    assertThat(LimitedApplication.taken(context, "ten")).isEqualTo(1);
                });
    }

    @Test
    void aMethodOfAGenericInterfaceIsReachedByADynamicProxy() {
        LimitedApplication.with(ImplementationForStrings.class)
                .withPropertyValues("spring.aop.proxy-target-class=false")
                .run(context -> {
                    assertThat(context).hasNotFailed();
                    @SuppressWarnings("unchecked")
                    CallingWith<String> bean = context.getBean(CallingWith.class);
                    bean.call("ann");
                    RateLimitAdvisorTests.assertRejected(() -> bean.call("ann"));
                });
    }

    @Test
    void aFinalMethodOfAnInterfaceIsReachedByADynamicProxy(CapturedOutput output) {
        LimitedApplication.with(FinalImplementation.class)
                .withPropertyValues("spring.aop.proxy-target-class=false")
                .run(context -> {
                    assertThat(output).doesNotContain("has no effect");
                    context.getBean(Calling.class).call();
                    RateLimitAdvisorTests.assertRejected(
                            () -> context.getBean(Calling.class).call());
                });
    }

    @Test
    void aPackagePrivateMethodOfAnotherPackageStopsTheStart() {
        LimitedApplication.with(io.ratelimit.aop.elsewhere.Child.class)
                .run(context -> assertThat(LimitedApplication.mistake(context))
                        .hasMessageContaining("Child#hidden()")
                        .hasMessageContaining("the method is package-private"));
    }

    @Test
    void aPrototypeIsReportedOnceForAllInstances(CapturedOutput output) {
        LimitedApplication.with(Prototypes.class)
                .withPropertyValues("ineffective=WARN")
                .run(context -> {
                    context.getBean(FinalMethod.class);
                    context.getBean(FinalMethod.class);
                    assertThat(output).containsOnlyOnce("has no effect");
                });
    }

    @Test
    void aPrototypeThatIsRegisteredLaterAndCannotBeLimitedIsNeverCreated() {
        LimitedApplication.with().run(context -> {
            ((GenericApplicationContext) context.getSourceApplicationContext())
                    .registerBean(FinalMethod.class, definition -> definition.setScope("prototype"));
            for (int attempt = 0; attempt < 2; attempt++) {
                assertThatExceptionOfType(BeanCreationException.class)
                        .isThrownBy(() -> context.getBean(FinalMethod.class))
                        .havingRootCause()
                        .isInstanceOf(InvalidRateLimitedException.class);
            }
        });
    }

    @Test
    void methodsThatAProxyCanAdviseAreNotReported(CapturedOutput output) {
        LimitedApplication.with(Reachable.class, First.class, Second.class)
                .withAllowCircularReferences(true)
                .run(context -> {
                    assertThat(output).doesNotContain("has no effect");
                    context.getBean(First.class).call();
                    RateLimitAdvisorTests.assertRejected(
                            () -> context.getBean(First.class).call());
                });
    }

    static class FinalMethod {
        @RateLimited("ten")
        public final void call() {}

        @RateLimited("ten")
        public void reachable() {}
    }

    static class PrivateMethod {
        @RateLimited("ten")
        private void call() {}

        @RateLimited("ten")
        public void reachable() {
            call();
        }
    }

    static class StaticMethod {
        @RateLimited("ten")
        public static void call() {}
    }

    static final class FinalClass implements Runnable {
        @RateLimited("ten")
        public void call() {}

        @Override
        public void run() {}
    }

    @RateLimited("ten")
    static class FinalMethodOfClass {
        public final void call() {}

        public void reachable() {}
    }

    static class WithFinalMethod {
        public final void call() {}
    }

    @RateLimited("ten")
    static class InheritedFinalMethod extends WithFinalMethod {
        public void reachable() {}
    }

    @RateLimited("ten")
    interface Limiting {
        void call();
    }

    @RateLimited("ten")
    static class LimitedParent {
        public final void call() {}
    }

    static class InheritedFinalMethodOfInterface extends WithFinalMethod implements Limiting {}

    static class FinalMethodOfAnnotatedParent extends LimitedParent {}

    static class FinalMethodOfInterface implements Limiting {
        @Override
        public final void call() {}
    }

    interface WithStaticMethod {
        @RateLimited("ten")
        static void call() {}
    }

    static class StaticMethodOfInterface implements WithStaticMethod {}

    record Recorded() {
        @RateLimited("ten")
        public void call() {}
    }

    static sealed class SealedClass permits Permitted {
        @RateLimited("ten")
        public void call() {}
    }

    static final class Permitted extends SealedClass {}

    @RateLimited("ten")
    static class HelpersOfClass {
        private void unlimited() {}

        public static void ofNoBean() {}

        public void reachable() {
            unlimited();
        }
    }

    @RateLimited("ten")
    static class AwareOfContext extends ApplicationObjectSupport {
        public void call() {}
    }

    interface CallingWith<T> {
        void call(T value);
    }

    static class ImplementationForStrings implements CallingWith<String> {
        @Override
        @RateLimited("one")
        public void call(String value) {}
    }

    interface Calling {
        void call();
    }

    static class Implementation implements Calling {
        @Override
        @RateLimited("ten")
        public void call() {}

        @RateLimited("ten")
        public void extra() {}
    }

    @RateLimited("ten")
    static class AnnotatedImplementation implements Calling {
        @Override
        public void call() {}

        public void extra() {}
    }

    static final class FinalImplementation implements Calling {
        @Override
        @RateLimited("one")
        public final void call() {}
    }

    @Configuration(proxyBeanMethods = false)
    static class Prototypes {
        @Bean
        @Scope("prototype")
        FinalMethod finalMethod() {
            return new FinalMethod();
        }
    }

    static class Reachable {
        @RateLimited("ten")
        public void open() {}

        @RateLimited("ten")
        protected void forChildren() {}

        @RateLimited("ten")
        void inThePackage() {}
    }

    static class First {
        @org.springframework.beans.factory.annotation.Autowired
        private Second second;

        @RateLimited("one")
        public void call() {}
    }

    static class Second {
        @org.springframework.beans.factory.annotation.Autowired
        private First first;
    }
}
