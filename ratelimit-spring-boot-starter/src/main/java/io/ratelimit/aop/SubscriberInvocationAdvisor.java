package io.ratelimit.aop;

import java.lang.reflect.Method;
import org.aopalliance.aop.Advice;
import org.aopalliance.intercept.MethodInterceptor;
import org.aopalliance.intercept.MethodInvocation;
import org.jspecify.annotations.Nullable;
import org.springframework.aop.Pointcut;
import org.springframework.aop.PointcutAdvisor;
import org.springframework.aop.ProxyMethodInvocation;
import org.springframework.aop.support.StaticMethodMatcherPointcut;
import org.springframework.core.Ordered;

/**
 * Gives each subscriber of a limited method its own invocation, if reactive method security advises the method too.
 * Spring Security proceeds with one invocation for all subscribers, and an invocation runs the advice behind that, such
 * as the limits, only once. Without this advisor, a second subscriber would not be limited.
 */
final class SubscriberInvocationAdvisor extends StaticMethodMatcherPointcut implements PointcutAdvisor, Ordered {

    private final RateLimitedMethodRegistry methods;
    private final MethodSecurityAdvisors security;
    private final MethodInterceptor advice = SubscriberInvocationAdvisor::forEachSubscriber;

    SubscriberInvocationAdvisor(RateLimitedMethodRegistry methods, MethodSecurityAdvisors security) {
        this.methods = methods;
        this.security = security;
        setClassFilter(methods::mayAdvise);
    }

    @Override
    public Pointcut getPointcut() {
        return this;
    }

    @Override
    public boolean matches(Method method, Class<?> targetClass) {
        return methods.isLimited(method, targetClass)
                && ReactiveTypeAdapter.isDeferred(method.getReturnType())
                && security.proceedForEachSubscriber(method, targetClass);
    }

    @Override
    public Advice getAdvice() {
        return advice;
    }

    @Override
    public int getOrder() {
        return Ordered.HIGHEST_PRECEDENCE;
    }

    private static @Nullable Object forEachSubscriber(MethodInvocation invocation) throws Throwable {
        return invocation instanceof ProxyMethodInvocation proxied
                ? ReactiveTypeAdapter.of(invocation.getMethod().getReturnType()).forEachSubscriber(proxied)
                : invocation.proceed();
    }
}
