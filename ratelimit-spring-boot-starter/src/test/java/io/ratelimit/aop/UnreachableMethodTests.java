package io.ratelimit.aop;

import static org.assertj.core.api.Assertions.assertThat;

import io.ratelimit.annotation.RateLimited;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Scope;
import org.springframework.util.StringUtils;

@ExtendWith(OutputCaptureExtension.class)
class UnreachableMethodTests {

    static Stream<Arguments> shapes() {
        return Stream.of(
                Arguments.of(FinalMethod.class, "the method is final"),
                Arguments.of(PrivateMethod.class, "the method is private"),
                Arguments.of(StaticMethod.class, "the method is static"),
                Arguments.of(FinalClass.class, "its class is final"),
                Arguments.of(FinalMethodOfClass.class, "the method is final"));
    }

    @ParameterizedTest
    @MethodSource("shapes")
    void aMethodThatTheProxyCannotReachIsWarnedOfOnce(Class<?> bean, String reason, CapturedOutput output) {
        LimitedApplication.with(bean).run(context -> {
            assertThat(context).hasNotFailed();
            assertThat(output)
                    .containsOnlyOnce("@RateLimited on " + bean.getName() + "#call() has no effect: " + reason);
            assertThat(StringUtils.countOccurrencesOf(output.toString(), "has no effect"))
                    .isEqualTo(1);
            assertThat(context.getBean(RateLimitedMethodRegistry.class).usedBy("ten"))
                    .noneMatch(name -> name.endsWith("#call()"));
        });
    }

    @Test
    void aMethodThatNoInterfaceOfADynamicProxyDeclaresIsReported(CapturedOutput output) {
        LimitedApplication.with(Implementation.class)
                .withPropertyValues("spring.aop.proxy-target-class=false")
                .run(context -> {
                    assertThat(output)
                            .containsOnlyOnce("Implementation#extra() has no effect: no interface of the proxy");
                    assertThat(output).doesNotContain("#call() has no effect");
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
    void aPackagePrivateMethodOfAnotherPackageIsReported(CapturedOutput output) {
        LimitedApplication.with(io.ratelimit.aop.elsewhere.Child.class)
                .run(context -> assertThat(output)
                        .containsOnlyOnce("Child#hidden() has no effect: the method is package-private"));
    }

    @Test
    void aPrototypeIsReportedOnceForAllInstances(CapturedOutput output) {
        LimitedApplication.with(Prototypes.class).run(context -> {
            context.getBean(FinalMethod.class);
            context.getBean(FinalMethod.class);
            assertThat(output).containsOnlyOnce("has no effect");
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

        private void unlimited() {}

        public static void ofNoBean() {}

        public void reachable() {
            unlimited();
        }
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
