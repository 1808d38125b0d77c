package io.ratelimit.aop;

import static io.ratelimit.aop.LimitedApplication.taken;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.ratelimit.RateLimitExceededException;
import io.ratelimit.RateLimiterRegistry;
import io.ratelimit.annotation.RateLimited;
import java.util.ArrayList;
import java.util.List;
import org.aopalliance.intercept.MethodInterceptor;
import org.aspectj.weaver.Advice;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.aop.config.AopConfigUtils;
import org.springframework.aop.framework.autoproxy.BeanFactoryAdvisorRetrievalHelper;
import org.springframework.aop.support.AopUtils;
import org.springframework.aop.support.DefaultPointcutAdvisor;
import org.springframework.aop.support.NameMatchMethodPointcut;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.config.BeanDefinition;
import org.springframework.beans.factory.support.BeanDefinitionRegistry;
import org.springframework.boot.logging.LogLevel;
import org.springframework.boot.logging.LoggingSystem;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Role;
import org.springframework.context.annotation.Scope;
import org.springframework.core.Ordered;

@ExtendWith(OutputCaptureExtension.class)
class RateLimitAdvisorTests {

    @Test
    void itIsNotCreatedBeforeWhatItDependsOn(CapturedOutput output) {
        String logger = BeanFactoryAdvisorRetrievalHelper.class.getName();
        LoggingSystem logging = LoggingSystem.get(getClass().getClassLoader());
        logging.setLogLevel(logger, LogLevel.TRACE);
        try {
            LimitedApplication.with(Service.class, AdvisorThatNeedsABean.class)
                    .run(context ->
                            context.getBean(RateLimitedMethodRegistry.class).usedBy("one"));
        } finally {
            logging.setLogLevel(logger, null);
        }
        assertThat(output).contains("'needing'").doesNotContain("rateLimitAdvisor", "subscriberInvocationAdvisor");
    }

    @Test
    void aClassIsLimitedThroughASubclass() {
        LimitedApplication.with(Service.class).run(context -> {
            Service service = context.getBean(Service.class);
            assertThat(AopUtils.isCglibProxy(service)).isTrue();
            service.search("ann");
            assertRejected(() -> service.search("ann"));
        });
    }

    @Test
    void anInterfaceIsLimitedThroughADynamicProxy() {
        LimitedApplication.with(Implementation.class)
                .withPropertyValues("spring.aop.proxy-target-class=false")
                .run(context -> {
                    Searching service = context.getBean(Searching.class);
                    assertThat(AopUtils.isJdkDynamicProxy(service)).isTrue();
                    service.search("ann");
                    assertRejected(() -> service.search("ann"));
                });
    }

    @Test
    void anObjectThatIsOnlyAProxyOfItsInterfaceIsLimited() {
        LimitedApplication.with(Repositories.class).run(context -> {
            Searching repository = context.getBean(Searching.class);
            repository.search("ann");
            assertRejected(() -> repository.search("ann"));
            assertThat(context.getBean(RateLimitedMethodRegistry.class).usedBy("one"))
                    .singleElement()
                    .asString()
                    .endsWith("#search(String)");
        });
    }

    @Test
    void itAppliesWithoutAspectJ() {
        ApplicationContextRunner runner = LimitedApplication.with(Service.class);
        runner.withClassLoader(new FilteredClassLoader(Advice.class)).run(context -> {
            assertThat(context.getBeanFactory()
                            .getBeanDefinition(AopConfigUtils.AUTO_PROXY_CREATOR_BEAN_NAME)
                            .getBeanClassName())
                    .contains("Infrastructure");
            context.getBean(Service.class).search("ann");
            assertRejected(() -> context.getBean(Service.class).search("ann"));
        });
        runner.run(context -> assertThat(context.getBeanFactory()
                        .getBeanDefinition(AopConfigUtils.AUTO_PROXY_CREATOR_BEAN_NAME)
                        .getBeanClassName())
                .contains("AspectJ"));
    }

    @Test
    void itAppliesWithoutSpringBoot() {
        try (var context = new AnnotationConfigApplicationContext()) {
            context.register(LimitedApplication.Wiring.class, Service.class);
            AopConfigUtils.registerAutoProxyCreatorIfNecessary((BeanDefinitionRegistry) context.getBeanFactory());
            context.refresh();
            context.getBean(Service.class).search("ann");
            assertRejected(() -> context.getBean(Service.class).search("ann"));
        }
    }

    @Test
    void itsOrderDecidesWhetherItIsInsideOfOtherAdvice() {
        LimitedApplication.with(Service.class, Inner.class)
                .withPropertyValues("order=" + Ordered.HIGHEST_PRECEDENCE)
                .run(context -> {
                    context.getBean(Service.class).search("ann");
                    assertRejected(() -> context.getBean(Service.class).search("ann"));
                    assertThat(context.getBean(Inner.class).seen).containsExactly("search");
                });
        LimitedApplication.with(Service.class, Inner.class)
                .withPropertyValues("order=100")
                .run(context -> {
                    context.getBean(Service.class).search("ann");
                    assertRejected(() -> context.getBean(Service.class).search("ann"));
                    assertThat(context.getBean(Inner.class).seen).containsExactly("search", "search");
                });
    }

    @Test
    void beansWithoutLimitsGetNoProxy() {
        LimitedApplication.with(Unlimited.class)
                .run(context -> assertThat(AopUtils.isAopProxy(context.getBean(Unlimited.class)))
                        .isFalse());
    }

    @Test
    void makingTheProxiesDoesNotMakeTheLimits() {
        LimitedApplication.with(LazyLimits.class).run(context -> {
            assertThat(context).hasNotFailed();
            assertThat(context.getBeanFactory().containsSingleton("rateLimitRegistry"))
                    .isFalse();
        });
    }

    @Test
    void theInstancesOfAPrototypeShareTheClassOfTheirProxies() {
        LimitedApplication.with(Prototypes.class)
                .run(context -> assertThat(context.getBean(Service.class).getClass())
                        .isSameAs(context.getBean(Service.class).getClass()));
    }

    @Test
    void everyInstanceOfAPrototypeIsLimited() {
        LimitedApplication.with(Prototypes.class).run(context -> {
            context.getBean(Service.class).search("ann");
            assertRejected(() -> context.getBean(Service.class).search("ann"));
        });
    }

    @Test
    void theMethodsOfALimitAreListedForPeople() {
        LimitedApplication.with(Service.class, Implementation.class).run(context -> {
            RateLimitedMethodRegistry methods = context.getBean(RateLimitedMethodRegistry.class);
            assertThat(methods.usedBy("one"))
                    .containsExactly(
                            Implementation.class.getName() + "#search(String)",
                            Service.class.getName() + "#search(String)");
            assertThat(methods.usedBy("ten")).containsExactly(Service.class.getName() + "#count(int,String[])");
            assertThat(methods.usedBy("dear")).isEmpty();
        });
    }

    @Test
    void checkedExceptionsOfTheMethodReachTheCallerAsTheyAre() {
        LimitedApplication.with(Service.class).run(context -> {
            assertThatExceptionOfType(java.io.IOException.class)
                    .isThrownBy(() -> context.getBean(Service.class).failing());
            assertThat(taken(context, "other")).isEqualTo(1);
        });
    }

    static void assertRejected(org.assertj.core.api.ThrowableAssert.ThrowingCallable call) {
        assertThatExceptionOfType(RateLimitExceededException.class).isThrownBy(call);
    }

    public static class Service {

        @RateLimited(limit = "one", key = "#user")
        public void search(String user) {}

        @RateLimited("ten")
        public int count(int n, String... texts) {
            return n;
        }

        @RateLimited("other")
        public void failing() throws java.io.IOException {
            throw new java.io.IOException("disk");
        }
    }

    interface Searching {
        @RateLimited(limit = "one", key = "#user")
        void search(String user);
    }

    static class Implementation implements Searching {
        @Override
        public void search(String id) {}
    }

    static class Unlimited {
        public void search(String user) {}
    }

    @Configuration(proxyBeanMethods = false)
    static class Repositories {
        @Bean
        Searching repository() {
            return (Searching) java.lang.reflect.Proxy.newProxyInstance(
                    getClass().getClassLoader(),
                    new Class<?>[] {Searching.class},
                    (proxy, method, args) -> method.getName().equals("toString") ? "repository" : null);
        }
    }

    @Configuration(proxyBeanMethods = false)
    static class Prototypes {
        @Bean
        @Scope("prototype")
        Service service() {
            return new Service();
        }
    }

    @Configuration(proxyBeanMethods = false)
    static class LazyLimits {
        @Bean
        static org.springframework.beans.factory.config.BeanFactoryPostProcessor lazy() {
            return factory -> factory.getBeanDefinition("rateLimitRegistry").setLazyInit(true);
        }

        @Bean
        Object user(ObjectProvider<RateLimiterRegistry> registry) {
            return new Object();
        }
    }

    @Configuration(proxyBeanMethods = false)
    static class Inner {

        final List<String> seen = new ArrayList<>();

        @Bean
        @Role(BeanDefinition.ROLE_INFRASTRUCTURE)
        DefaultPointcutAdvisor inner() {
            NameMatchMethodPointcut pointcut = new NameMatchMethodPointcut();
            pointcut.addMethodName("search");
            MethodInterceptor advice = invocation -> {
                seen.add(invocation.getMethod().getName());
                return invocation.proceed();
            };
            DefaultPointcutAdvisor advisor = new DefaultPointcutAdvisor(pointcut, advice);
            advisor.setOrder(0);
            return advisor;
        }
    }

    @Configuration(proxyBeanMethods = false)
    static class AdvisorThatNeedsABean {

        @Bean
        @Role(BeanDefinition.ROLE_INFRASTRUCTURE)
        static StringBuilder needed() {
            return new StringBuilder();
        }

        @Bean
        @Role(BeanDefinition.ROLE_INFRASTRUCTURE)
        static DefaultPointcutAdvisor needing(StringBuilder needed) {
            return new DefaultPointcutAdvisor(
                    new NameMatchMethodPointcut(), (MethodInterceptor) invocation -> needed.append(invocation));
        }
    }
}
