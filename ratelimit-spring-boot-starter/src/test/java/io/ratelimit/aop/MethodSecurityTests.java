package io.ratelimit.aop;

import static io.ratelimit.aop.LimitedApplication.taken;
import static io.ratelimit.aop.RateLimitAdvisorTests.assertRejected;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.ratelimit.RateLimitExceededException;
import io.ratelimit.annotation.RateLimited;
import java.lang.reflect.Method;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.aop.ClassFilter;
import org.springframework.aop.support.StaticMethodMatcherPointcut;
import org.springframework.beans.factory.config.BeanDefinition;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Role;
import org.springframework.core.Ordered;
import org.springframework.security.access.AccessDeniedException;
import org.springframework.security.access.annotation.Secured;
import org.springframework.security.access.prepost.PostAuthorize;
import org.springframework.security.access.prepost.PreAuthorize;
import org.springframework.security.authentication.TestingAuthenticationToken;
import org.springframework.security.authorization.AuthorizationDecision;
import org.springframework.security.authorization.method.AuthorizationManagerBeforeMethodInterceptor;
import org.springframework.security.config.annotation.method.configuration.EnableMethodSecurity;
import org.springframework.security.config.annotation.method.configuration.EnableReactiveMethodSecurity;
import org.springframework.security.core.Authentication;
import org.springframework.security.core.context.ReactiveSecurityContextHolder;
import org.springframework.security.core.context.SecurityContextHolder;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** The order of the limits and of Spring Security's method security. */
class MethodSecurityTests {

    private static final Authentication ANN = new TestingAuthenticationToken("ann", "secret", "USER");
    private static final Authentication EVE = new TestingAuthenticationToken("eve", "secret", "USER");

    @AfterEach
    void logOut() {
        SecurityContextHolder.clearContext();
    }

    @ParameterizedTest
    @ValueSource(classes = {Secure.class, SecureWithOffset.class, SecureBefore.class})
    void aCallerWhomPreAuthorizeDeniesChargesNobody(Class<?> security) {
        LimitedApplication.with(security, Accounts.class).run(context -> {
            Accounts accounts = context.getBean(Accounts.class);
            SecurityContextHolder.getContext().setAuthentication(EVE);
            assertDenied(() -> accounts.read("ann"));
            assertDenied(() -> accounts.read("ann"));
            assertThat(taken(context, "one", "ann")).isZero();
            SecurityContextHolder.getContext().setAuthentication(ANN);
            assertThat(accounts.read("ann")).isEqualTo("account of ann");
            assertRejected(() -> accounts.read("ann"));
        });
    }

    @Test
    void aCallerWhomSecuredDeniesChargesNobody() {
        LimitedApplication.with(SecureWithSecured.class, Accounts.class).run(context -> {
            SecurityContextHolder.getContext().setAuthentication(EVE);
            assertDenied(() -> context.getBean(Accounts.class).administer());
            assertThat(taken(context, "ten")).isZero();
        });
    }

    @Test
    void aCallWhoseResultPostAuthorizeDeniesIsCharged() {
        LimitedApplication.with(Secure.class, Accounts.class).run(context -> {
            Accounts accounts = context.getBean(Accounts.class);
            SecurityContextHolder.getContext().setAuthentication(EVE);
            assertDenied(() -> accounts.owner("ann"));
            assertThat(taken(context, "one", "ann")).isEqualTo(1);
            assertRejected(() -> accounts.owner("ann"));
            assertThat(taken(context, "one", "ann")).isEqualTo(1);
        });
    }

    @Test
    void aSubscriberWhomReactiveMethodSecurityDeniesChargesNobody() {
        LimitedApplication.with(SecureReactive.class, Accounts.class).run(context -> {
            Mono<String> account = context.getBean(Accounts.class).find("ann");
            StepVerifier.create(account.contextWrite(ReactiveSecurityContextHolder.withAuthentication(EVE)))
                    .verifyError(AccessDeniedException.class);
            assertThat(taken(context, "one", "ann")).isZero();
            Mono<String> allowed = account.contextWrite(ReactiveSecurityContextHolder.withAuthentication(ANN));
            StepVerifier.create(allowed).expectNext("account of ann").verifyComplete();
            StepVerifier.create(allowed).verifyError(RateLimitExceededException.class);
            assertThat(taken(context, "one", "ann")).isEqualTo(1);
        });
    }

    @Test
    void behindReactiveMethodSecurityEachSubscriptionOfAFluxIsCharged() {
        LimitedApplication.with(SecureReactive.class, Accounts.class).run(context -> {
            Flux<String> accounts = context.getBean(Accounts.class)
                    .findAll("ann")
                    .contextWrite(ReactiveSecurityContextHolder.withAuthentication(ANN));
            for (int subscription = 1; subscription <= 3; subscription++) {
                StepVerifier.create(accounts).expectNext("ann").verifyComplete();
                assertThat(taken(context, "ten", "ann")).isEqualTo(subscription);
            }
        });
    }

    @Test
    void onlyBeansWithLimitsAreCandidatesForAnInvocationPerSubscriber() {
        LimitedApplication.with(SecureReactive.class).run(context -> {
            ClassFilter filter = context.getBean(SubscriberInvocationAdvisor.class)
                    .getPointcut()
                    .getClassFilter();
            assertThat(filter.matches(Accounts.class)).isTrue();
            assertThat(filter.matches(Nothing.class)).isFalse();
        });
    }

    @Test
    void aCallerWhomAnAdvisorOfTheApplicationDeniesChargesNobody() {
        LimitedApplication.with(OwnAdvisor.class, Accounts.class).run(context -> {
            SecurityContextHolder.getContext().setAuthentication(EVE);
            assertDenied(() -> context.getBean(Accounts.class).read("ann"));
            assertThat(taken(context, "one", "ann")).isZero();
        });
    }

    @Test
    void withTheOrderFirstTheLimitIsAppliedBeforeSecurity() {
        LimitedApplication.with(Secure.class, Accounts.class)
                .withPropertyValues("order=" + Ordered.HIGHEST_PRECEDENCE)
                .run(context -> {
                    SecurityContextHolder.getContext().setAuthentication(EVE);
                    assertDenied(() -> context.getBean(Accounts.class).read("ann"));
                    assertThat(taken(context, "one", "ann")).isEqualTo(1);
                });
    }

    static Stream<Arguments> orders() {
        return Stream.of(
                Arguments.of(Nothing.class, 700),
                Arguments.of(Secure.class, 700),
                Arguments.of(SecureReactive.class, 700),
                Arguments.of(SecureWithOffset.class, 5700),
                Arguments.of(SecureBefore.class, -300),
                Arguments.of(OwnAdvisor.class, 2100),
                Arguments.of(OwnAdvisorWithoutOrder.class, 700));
    }

    @ParameterizedTest
    @MethodSource("orders")
    void theOrderIs700PlusTheOffsetOfMethodSecurity(Class<?> security, int order) {
        LimitedApplication.with(security, Accounts.class)
                .run(context -> assertThat(context.getBean(RateLimitAdvisor.class))
                        .extracting(RateLimitAdvisor::getOrder)
                        .isEqualTo(order));
    }

    private static void assertDenied(ThrowingCallable call) {
        assertThatExceptionOfType(AccessDeniedException.class).isThrownBy(call);
    }

    static class Accounts {

        @PreAuthorize("#user == authentication.name")
        @RateLimited(limit = "one", key = "#user")
        public String read(String user) {
            return "account of " + user;
        }

        @PostAuthorize("returnObject == authentication.name")
        @RateLimited(limit = "one", key = "#user")
        public String owner(String user) {
            return user;
        }

        @PreAuthorize("#user == authentication.name")
        @RateLimited(limit = "one", key = "#user")
        public Mono<String> find(String user) {
            return Mono.just("account of " + user);
        }

        @PreAuthorize("#user == authentication.name")
        @PostAuthorize("returnObject == authentication.name")
        @RateLimited(limit = "ten", key = "#user")
        public Flux<String> findAll(String user) {
            return Flux.just(user);
        }

        @Secured("ADMIN")
        @RateLimited("ten")
        public void administer() {}
    }

    @Configuration(proxyBeanMethods = false)
    static class Nothing {}

    @Configuration(proxyBeanMethods = false)
    @EnableMethodSecurity
    static class Secure {}

    @Configuration(proxyBeanMethods = false)
    @EnableMethodSecurity(offset = 5000)
    static class SecureWithOffset {}

    @Configuration(proxyBeanMethods = false)
    @EnableMethodSecurity(offset = -1000)
    static class SecureBefore {}

    @Configuration(proxyBeanMethods = false)
    @EnableMethodSecurity(securedEnabled = true)
    static class SecureWithSecured {}

    @Configuration(proxyBeanMethods = false)
    @EnableReactiveMethodSecurity
    static class SecureReactive {}

    @Configuration(proxyBeanMethods = false)
    static class OwnAdvisor {
        @Bean
        @Role(BeanDefinition.ROLE_INFRASTRUCTURE)
        static AuthorizationManagerBeforeMethodInterceptor denying() {
            AuthorizationManagerBeforeMethodInterceptor advisor = advisor();
            advisor.setOrder(2000);
            return advisor;
        }
    }

    @Configuration(proxyBeanMethods = false)
    static class OwnAdvisorWithoutOrder {
        @Bean
        @Role(BeanDefinition.ROLE_INFRASTRUCTURE)
        static AuthorizationManagerBeforeMethodInterceptor denying() {
            AuthorizationManagerBeforeMethodInterceptor advisor = advisor();
            advisor.setOrder(Ordered.LOWEST_PRECEDENCE);
            return advisor;
        }
    }

    private static AuthorizationManagerBeforeMethodInterceptor advisor() {
        StaticMethodMatcherPointcut pointcut = new StaticMethodMatcherPointcut() {
            @Override
            public boolean matches(Method method, Class<?> targetClass) {
                return targetClass == Accounts.class && method.getName().equals("read");
            }
        };
        return new AuthorizationManagerBeforeMethodInterceptor(
                pointcut, (authentication, invocation) -> new AuthorizationDecision(false));
    }
}
