package io.ratelimit.woven;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.ratelimit.Charge;
import io.ratelimit.RateLimitExceededException;
import io.ratelimit.RateLimiterRegistry;
import io.ratelimit.aop.InvalidRateLimitedException;
import io.ratelimit.aop.RateLimitAopAutoConfiguration;
import io.ratelimit.aop.RateLimitedMethodRegistry;
import io.ratelimit.autoconfigure.RateLimitAutoConfiguration;
import io.ratelimit.http.RunningApplication;
import io.ratelimit.woven.Shop.Callers;
import io.ratelimit.woven.Shop.Composed;
import io.ratelimit.woven.Shop.Guarded;
import io.ratelimit.woven.Shop.Handlers;
import io.ratelimit.woven.Shop.LimitedConfiguration;
import io.ratelimit.woven.Shop.Misspelt;
import io.ratelimit.woven.Shop.MisspeltLimit;
import io.ratelimit.woven.Shop.Objective;
import io.ratelimit.woven.Shop.Orders;
import io.ratelimit.woven.Shop.Overriding;
import io.ratelimit.woven.Shop.PartOfWhole;
import io.ratelimit.woven.Shop.PartlyExempt;
import io.ratelimit.woven.Shop.Silent;
import io.ratelimit.woven.Shop.Whole;
import io.ratelimit.woven.Shop.Wish;
import io.ratelimit.woven.Shop.Wishes;
import jakarta.servlet.AsyncContext;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.net.http.HttpResponse;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.aopalliance.intercept.MethodInterceptor;
import org.apache.catalina.webresources.TomcatURLStreamHandlerFactory;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.springframework.aop.support.AopUtils;
import org.springframework.aop.support.DefaultPointcutAdvisor;
import org.springframework.beans.factory.config.BeanDefinition;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.autoconfigure.aop.AopAutoConfiguration;
import org.springframework.boot.test.util.TestPropertyValues;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.context.annotation.Role;
import org.springframework.mock.web.MockHttpServletRequest;
import org.springframework.security.access.AccessDeniedException;
import org.springframework.security.authentication.TestingAuthenticationToken;
import org.springframework.security.config.annotation.method.configuration.EnableMethodSecurity;
import org.springframework.security.core.context.SecurityContextHolder;
import org.springframework.web.context.request.RequestContextHolder;
import org.springframework.web.context.request.ServletRequestAttributes;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;

/**
 * Scenarios for a woven {@link Shop}. Each public method is one, and runs where the woven classes are: in another class
 * loader, or in another JVM.
 */
public final class WovenScenarios {

    /** Runs all of them, and prints a line for each. */
    public static void main(String[] args) {
        for (String name : names()) {
            String outcome = run(name);
            System.out.println("SCENARIO " + name + " " + outcome.replace("\n", "\\n"));
        }
    }

    /** {@return the names of all scenarios, in order} */
    static List<String> names() {
        return Arrays.stream(WovenScenarios.class.getDeclaredMethods())
                .filter(method -> Modifier.isPublic(method.getModifiers()) && !Modifier.isStatic(method.getModifiers()))
                .map(Method::getName)
                .sorted(Comparator.naturalOrder())
                .toList();
    }

    /** Runs a scenario, and returns "passed" or the failure. */
    public static String run(String name) {
        try {
            WovenScenarios.class.getMethod(name).invoke(new WovenScenarios());
            return "passed";
        } catch (InvocationTargetException ex) {
            java.io.StringWriter failure = new java.io.StringWriter();
            ex.getTargetException().printStackTrace(new java.io.PrintWriter(failure));
            return failure.toString();
        } catch (ReflectiveOperationException ex) {
            return ex.toString();
        }
    }

    public void aCallOfABeanIsChargedOnce() {
        try (var context = aspectj(Orders.class)) {
            Orders orders = context.getBean(Orders.class);
            assertThat(AopUtils.isAopProxy(orders)).isFalse();
            orders.place("ann");
            assertThat(taken(context, "two", "ann")).isEqualTo(1);
            orders.place("ann");
            assertRejected(() -> orders.place("ann"));
            orders.place("bob");
            assertThat(orders.ran).hasValue(3);
        }
    }

    public void aCallOfABeanToItselfIsLimited() {
        try (var context = aspectj(Orders.class)) {
            Orders orders = context.getBean(Orders.class);
            orders.placeThroughItself("ann");
            orders.placeThroughItself("ann");
            assertRejected(() -> orders.placeThroughItself("ann"));
        }
    }

    public void aPrivateMethodIsLimited() {
        try (var context = aspectj(Orders.class)) {
            Orders orders = context.getBean(Orders.class);
            orders.placeSecretly("ann");
            orders.placeSecretly("ann");
            assertRejected(() -> orders.placeSecretly("ann"));
            assertThat(context.getBean(RateLimitedMethodRegistry.class).usedBy("two"))
                    .contains(Orders.class.getName() + "#secretly(String)");
        }
    }

    public void aFinalMethodIsLimited() {
        try (var context = aspectj(Orders.class)) {
            Orders orders = context.getBean(Orders.class);
            orders.placeForGood("ann");
            orders.placeForGood("ann");
            assertRejected(() -> orders.placeForGood("ann"));
        }
    }

    public void aStaticMethodThatBearsTheAnnotationIsLimited() {
        try (var context = aspectj()) {
            assertThat(Orders.count("ann")).isEqualTo("many");
            assertThat(Orders.count("ann")).isEqualTo("many");
            assertThat(Orders.count("ann")).isEqualTo("none");
            assertThat(taken(context, "two", "ann")).isEqualTo(2);
        }
    }

    public void aPlainObjectIsLimited() {
        try (var context = aspectj()) {
            new Orders().place("ann");
            new Orders().place("ann");
            assertRejected(() -> new Orders().place("ann"));
            assertThat(new Orders().polite("ann")).isEqualTo("later");
            assertThat(new Orders().polite("bob")).isEqualTo("now");
            assertThat(taken(context, "two", "bob")).isEqualTo(1);
        }
    }

    public void aBeanThatHasAProxyForAnotherReasonIsChargedOnce() {
        try (var context = aspectj(Orders.class, Whole.class, OtherAdvice.class)) {
            Orders orders = context.getBean(Orders.class);
            assertThat(AopUtils.isCglibProxy(orders)).isTrue();
            orders.place("ann");
            assertThat(taken(context, "two", "ann")).isEqualTo(1);
            orders.composed("ann");
            assertThat(taken(context, "two", "ann")).isEqualTo(2);
            assertRejected(() -> orders.place("ann"));
            assertThat(AopUtils.isCglibProxy(context.getBean(Whole.class))).isTrue();
            context.getBean(Whole.class).open();
            assertThat(taken(context, "two")).isEqualTo(1);
            assertThat(context.getBean(OtherAdvice.class).calls).isEqualTo(4);
        }
    }

    public void aConfigurationClassIsChargedOnce() {
        try (var context = aspectj(LimitedConfiguration.class)) {
            context.getBean(LimitedConfiguration.class).call();
            assertThat(taken(context, "ten")).isEqualTo(1);
        }
    }

    public void aRejectedStageFails() throws Exception {
        try (var context = aspectj(Orders.class)) {
            Orders orders = context.getBean(Orders.class);
            assertThat(orders.stage("ann").toCompletableFuture().get()).isEqualTo("staged");
            assertThat(new Orders().stage("ann").toCompletableFuture().get()).isEqualTo("staged");
            var rejected = orders.stage("ann").toCompletableFuture();
            assertThatExceptionOfType(ExecutionException.class)
                    .isThrownBy(rejected::get)
                    .withCauseInstanceOf(RateLimitExceededException.class);
            assertThat(taken(context, "two", "ann")).isEqualTo(2);
        }
    }

    public void aMonoIsDecidedAndAssembledOnEachSubscription() {
        try (var context = aspectj(Orders.class)) {
            Orders orders = context.getBean(Orders.class);
            Mono<String> mono = orders.mono("ann");
            assertThat(taken(context, "two", "ann")).isZero();
            StepVerifier.create(mono).expectNext("body 1").verifyComplete();
            assertThat(taken(context, "two", "ann")).isEqualTo(1);
            StepVerifier.create(mono.subscribeOn(Schedulers.boundedElastic()))
                    .expectNext("body 2")
                    .verifyComplete();
            StepVerifier.create(mono).verifyError(RateLimitExceededException.class);
            StepVerifier.create(mono.subscribeOn(Schedulers.parallel())).verifyError(RateLimitExceededException.class);
            assertThat(orders.ran).hasValue(2);
        }
    }

    public void aCallOfAnObjectThatIsNoBeanKeepsItsLeaseUntilItEnds() {
        try (var context = aspectj(Orders.class)) {
            for (Orders orders : List.of(context.getBean(Orders.class), new Orders())) {
                assertRejected(() -> orders.alone(() -> new Orders().alone(() -> "inner")));
                assertThat(orders.alone(() -> "alone")).isEqualTo("alone");
                assertThat(orders.monoAlone(Mono.just("mono")).block()).isEqualTo("mono");
                Disposable left = orders.monoAlone(Mono.never()).subscribe();
                assertRejected(() -> orders.alone(() -> "rejected"));
                left.dispose();
                CompletableFuture<String> future = orders.futureAlone(new CompletableFuture<>());
                assertRejected(() -> orders.alone(() -> "rejected"));
                future.cancel(true);
                assertThat(orders.alone(() -> "alone")).isEqualTo("alone");
            }
        }
    }

    public void aLeaseIsHeldUntilACallableHasRun() throws Exception {
        try (var context = aspectj(Orders.class)) {
            Orders orders = context.getBean(Orders.class);
            Callable<String> task = orders.callableAlone(() -> "done");
            assertRejected(() -> orders.alone(() -> "rejected"));
            assertThat(task.call()).isEqualTo("done");
            assertThat(orders.alone(() -> "alone")).isEqualTo("alone");
        }
    }

    public void aLeaseIsHeldUntilTheResponseOfARequestHasEnded() {
        try (var context = aspectj(Orders.class)) {
            Orders orders = context.getBean(Orders.class);
            MockHttpServletRequest request = new MockHttpServletRequest();
            request.setAsyncSupported(true);
            ServletRequestAttributes attributes = new ServletRequestAttributes(request);
            RequestContextHolder.setRequestAttributes(attributes);
            orders.deferredAlone();
            RequestContextHolder.resetRequestAttributes();
            AsyncContext asynchronous = request.startAsync();
            attributes.requestCompleted();
            assertRejected(() -> orders.alone(() -> "rejected"));
            asynchronous.complete();
            assertThat(orders.alone(() -> "alone")).isEqualTo("alone");
        }
    }

    public void aHandlerOfSpringMvcRespondsWithTheStatusOfTheRejection() {
        // Only one class loader in a JVM could register it, and other tests start Tomcat as well.
        TomcatURLStreamHandlerFactory.disable();
        try (var application = RunningApplication.start(
                WebApplicationType.SERVLET, properties("aspectj", true), WebApplication.class)) {
            assertThat(AopUtils.isAopProxy(application.bean(Handlers.class))).isFalse();
            for (int call = 0; call < 2; call++) {
                assertThat(application.get("/orders?user=ann").body()).isEqualTo("ordered by ann");
            }
            HttpResponse<String> rejected = application.get("/orders?user=ann");
            assertThat(rejected.statusCode()).isEqualTo(429);
            assertThat(rejected.headers().firstValue("Content-Type")).hasValue("application/problem+json");
            assertThat(rejected.headers().firstValue("Retry-After")).isPresent();
            HttpResponse<String> withoutKey = application.get("/orders");
            assertThat(withoutKey.statusCode()).isEqualTo(400);
            assertThat(withoutKey.headers().firstValue("Content-Type")).hasValue("application/problem+json");
            assertThat(application
                            .bean(RateLimiterRegistry.class)
                            .get("ten")
                            .peek(Charge.SHARED)
                            .remaining())
                    .isBetween(8.0, 8.1);
        }
    }

    public void aFluxOfAPlainObjectIsDecidedOnEachSubscription() {
        try (var context = aspectj()) {
            Flux<Integer> flux = new Orders().flux("ann");
            StepVerifier.create(flux).expectNext(1, 1).verifyComplete();
            StepVerifier.create(flux).expectNext(1, 2).verifyComplete();
            StepVerifier.create(flux).verifyError(RateLimitExceededException.class);
            assertThat(taken(context, "two", "ann")).isEqualTo(2);
        }
    }

    public void allLimitsOfAMethodAreOneDecision() {
        try (var context = aspectj(Orders.class)) {
            Orders orders = context.getBean(Orders.class);
            orders.twice("ann");
            orders.twice("ann");
            assertRejected(() -> orders.twice("ann"));
            assertThat(taken(context, "ten")).isEqualTo(2);
        }
    }

    public void composedAnnotationsAreSeenTwoDeepByTheAspectAndDeeperByProxies() {
        try (var context = aspectj(Composed.class)) {
            new Composed().deep();
            assertThat(taken(context, "two", "deep")).isEqualTo(1);
            new Composed().deeper();
            assertThat(taken(context, "two", "deep")).isEqualTo(1);
            context.getBean(Composed.class).deeper();
            assertThat(taken(context, "two", "deep")).isEqualTo(2);
            assertRejected(() -> context.getBean(Composed.class).deep());
            new Composed().both();
            assertThat(taken(context, "two", "both")).isEqualTo(1);
            assertThat(taken(context, "ten", "both")).isEqualTo(1);
        }
    }

    public void anAnnotatedClassLimitsItsPublicMethodsThatAreOfAnObject() {
        try (var context = aspectj(Whole.class)) {
            Whole whole = context.getBean(Whole.class);
            whole.open();
            Whole.ofNobody();
            assertThat(whole).hasToString("whole");
            assertThat(taken(context, "two")).isEqualTo(1);
            new Whole().open();
            assertRejected(whole::open);
        }
    }

    public void aMethodThatIsExemptFromItsClassIsNotLimited() {
        try (var context = aspectj(PartlyExempt.class)) {
            context.getBean(PartlyExempt.class).free();
            new PartlyExempt().free();
            assertThat(taken(context, "two")).isZero();
            new PartlyExempt().open();
            assertThat(taken(context, "two")).isEqualTo(1);
        }
    }

    public void aCallerWhomMethodSecurityDeniesChargesNobody() {
        try (var context = aspectj(Guarded.class, Secure.class)) {
            Guarded guarded = context.getBean(Guarded.class);
            SecurityContextHolder.getContext()
                    .setAuthentication(new TestingAuthenticationToken("eve", "secret", "USER"));
            assertThatExceptionOfType(AccessDeniedException.class).isThrownBy(() -> guarded.place("ann"));
            assertThat(taken(context, "two", "ann")).isZero();
            guarded.place("eve");
            assertThat(taken(context, "two", "eve")).isEqualTo(1);
        } finally {
            SecurityContextHolder.clearContext();
        }
    }

    public void aCallOfSuperIsAPartOfTheCall() {
        try (var context = aspectj(PartOfWhole.class, Overriding.class)) {
            context.getBean(PartOfWhole.class).open();
            assertThat(taken(context, "two")).isEqualTo(1);
            context.getBean(PartOfWhole.class).more();
            assertThat(taken(context, "two")).isEqualTo(2);
            assertThat(context.getBean(Overriding.class).place("ann")).isEqualTo("placed again");
            assertThat(new Overriding().place("bob")).isEqualTo("placed again");
            assertThat(taken(context, "two", "ann")).isEqualTo(1);
            assertThat(taken(context, "two", "bob")).isEqualTo(1);
        }
    }

    public void aMethodThatTheAspectDoesNotSeeIsLeftToTheProxyOfABean() {
        try (var context = aspectj(Silent.class, Wishes.class)) {
            assertThat(AopUtils.isCglibProxy(context.getBean(Silent.class))).isTrue();
            assertThat(context.getBean(Silent.class).place("ann")).isEqualTo("placed in silence");
            assertThat(taken(context, "two", "ann")).isEqualTo(1);
            context.getBean(Silent.class).placeForGood("ann");
            assertThat(taken(context, "two", "ann")).isEqualTo(2);

            context.getBean(Wish.class).make("bob");
            assertThat(taken(context, "two", "bob")).isEqualTo(1);
            new Wishes().make("bob");
            assertThat(taken(context, "two", "bob")).isEqualTo(1);
            new Wishes().forget("bob");
            assertThat(taken(context, "two", "bob")).isEqualTo(2);
            assertRejected(() -> context.getBean(Wish.class).forget("bob"));
        }
    }

    public void aMistakeIsFoundAtStartUpForABeanAndAtTheFirstCallForAnotherObject() {
        assertThatExceptionOfType(Exception.class)
                .isThrownBy(() -> aspectj(Misspelt.class))
                .havingRootCause()
                .isInstanceOf(InvalidRateLimitedException.class)
                .withMessageContaining("did you mean #user?");
        assertThatExceptionOfType(Exception.class)
                .isThrownBy(() -> aspectj(MisspeltLimit.class))
                .withMessageContaining("MisspeltLimit#place()")
                .withMessageContaining("did you mean \"two\"?");
        try (var context = aspectj()) {
            assertThat(context.isActive()).isTrue();
            assertThatExceptionOfType(InvalidRateLimitedException.class)
                    .isThrownBy(() -> new Misspelt().place("ann"))
                    .withMessageContaining("did you mean #user?");
            assertThatExceptionOfType(InvalidRateLimitedException.class)
                    .isThrownBy(() -> Objective.place("ann"))
                    .withMessageContaining("declare static String instead(String)");
            assertThatExceptionOfType(InvalidRateLimitedException.class)
                    .isThrownBy(() -> new MisspeltLimit().run())
                    .withMessageContaining("did you mean \"two\"?");
        }
    }

    public void callsProceedBeforeAnApplicationRunsAndAfterItIsClosed() {
        callThrice(new Orders());
        Orders bean;
        try (var context = aspectj(Orders.class, Callers.class)) {
            bean = context.getBean(Orders.class);
            assertThat(taken(context, "two", "early")).isZero();
            bean.place("ann");
            bean.place("ann");
            assertRejected(() -> bean.place("ann"));
        }
        callThrice(bean);
        callThrice(new Orders());
    }

    public void ofTwoApplicationsTheOneThatStartedLastDecides() {
        try (var first = aspectj(Orders.class)) {
            Orders orders = first.getBean(Orders.class);
            try (var second = aspectj(Orders.class)) {
                orders.place("ann");
                new Orders().place("ann");
                assertThat(taken(second, "two", "ann")).isEqualTo(2);
                assertThat(taken(first, "two", "ann")).isZero();
            }
            orders.place("ann");
            assertThat(taken(first, "two", "ann")).isEqualTo(1);
            try (var proxied = context("proxy")) {
                orders.place("ann");
                assertThat(taken(first, "two", "ann")).isEqualTo(2);
                assertThat(taken(proxied, "two", "ann")).isZero();
            }
        }
    }

    public void anApplicationThatIsStoppedAndStartedAgainDecidesAgain() {
        try (var first = aspectj(Orders.class);
                var second = aspectj(Orders.class)) {
            first.stop();
            first.start();
            new Orders().place("ann");
            assertThat(taken(first, "two", "ann")).isEqualTo(1);
            first.stop();
            new Orders().place("ann");
            assertThat(taken(second, "two", "ann")).isEqualTo(1);
        }
    }

    public void inProxyModeWovenMethodsNeitherChargeNorBreak() {
        try (var context = context("proxy", Orders.class, Whole.class)) {
            callThrice(new Orders());
            Orders orders = context.getBean(Orders.class);
            assertThat(AopUtils.isCglibProxy(orders)).isTrue();
            orders.place("ann");
            assertThat(taken(context, "two", "ann")).isEqualTo(1);
            orders.placeThroughItself("ann");
            orders.placeThroughItself("ann");
            context.getBean(Whole.class).open();
            assertThat(taken(context, "two")).isEqualTo(1);
            orders.place("ann");
            assertRejected(() -> orders.place("ann"));
        }
    }

    public void everythingIsAdmittedWhenSwitchedOff() {
        try (var context = aspectj(Orders.class, SwitchedOff.class)) {
            callThrice(context.getBean(Orders.class));
        }
    }

    private static void callThrice(Orders orders) {
        for (int i = 0; i < 3; i++) {
            assertThat(orders.place("ann")).isEqualTo("placed");
        }
    }

    private static AnnotationConfigApplicationContext aspectj(Class<?>... beans) {
        return context("aspectj", beans);
    }

    private static AnnotationConfigApplicationContext context(String mode, Class<?>... beans) {
        AnnotationConfigApplicationContext context = new AnnotationConfigApplicationContext();
        boolean enabled = !Arrays.asList(beans).contains(SwitchedOff.class);
        TestPropertyValues.of(properties(mode, enabled)).applyTo(context);
        context.register(
                AopAutoConfiguration.class, RateLimitAutoConfiguration.class, RateLimitAopAutoConfiguration.class);
        if (beans.length > 0) {
            context.register(beans);
        }
        context.refresh();
        return context;
    }

    private static String[] properties(String mode, boolean enabled) {
        return new String[] {
            "ratelimit.store=memory",
            "ratelimit.aop.mode=" + mode,
            "ratelimit.aop.ineffective=" + (mode.equals("proxy") ? "warn" : "fail"),
            "ratelimit.enabled=" + enabled,
            "ratelimit.limits.single.algorithm=concurrency",
            "ratelimit.limits.single.max-concurrent=1",
            "ratelimit.limits.two=2/1d",
            "ratelimit.limits.ten=10/1d"
        };
    }

    private static long taken(AnnotationConfigApplicationContext context, String limit, String key) {
        var limiter = context.getBean(RateLimiterRegistry.class).get(limit);
        return limiter.limit().capacity() / 1000 - (long) limiter.peek(key).remaining();
    }

    private static long taken(AnnotationConfigApplicationContext context, String limit) {
        return taken(context, limit, Charge.SHARED);
    }

    private static void assertRejected(ThrowingCallable call) {
        assertThatExceptionOfType(RateLimitExceededException.class).isThrownBy(call);
    }

    static final class SwitchedOff {}

    @EnableAutoConfiguration
    @Import(Handlers.class)
    static class WebApplication {}

    @Configuration(proxyBeanMethods = false)
    @EnableMethodSecurity
    static class Secure {}

    @Configuration
    static class OtherAdvice {

        int calls;

        @Bean
        @Role(BeanDefinition.ROLE_INFRASTRUCTURE)
        DefaultPointcutAdvisor counting() {
            MethodInterceptor advice = invocation -> {
                calls++;
                return invocation.proceed();
            };
            DefaultPointcutAdvisor advisor = new DefaultPointcutAdvisor(advice);
            advisor.setPointcut(new org.springframework.aop.support.StaticMethodMatcherPointcut() {
                @Override
                public boolean matches(Method method, Class<?> targetClass) {
                    return targetClass.getName().startsWith(Shop.class.getName())
                            && !method.getDeclaringClass().equals(Object.class);
                }
            });
            return advisor;
        }
    }
}
