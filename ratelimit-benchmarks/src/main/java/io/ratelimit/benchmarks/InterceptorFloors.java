package io.ratelimit.benchmarks;

import java.util.concurrent.atomic.AtomicLong;
import org.aopalliance.intercept.MethodInterceptor;
import org.aopalliance.intercept.MethodInvocation;
import org.springframework.aop.framework.ProxyFactory;

/** The least cost of any advice on a method of a bean, in a proxy by subclass as Spring Boot creates it. */
final class InterceptorFloors {

    private InterceptorFloors() {}

    static AnnotatedCall empty() {
        return advised(MethodInvocation::proceed)::search;
    }

    static AnnotatedCall replacingAWord() {
        AtomicLong word = new AtomicLong();
        return advised(invocation -> {
            WordFloors.replace(word);
            return invocation.proceed();
        })::search;
    }

    private static Unlimited advised(MethodInterceptor advice) {
        ProxyFactory factory = new ProxyFactory(new Unlimited());
        factory.setProxyTargetClass(true);
        factory.addAdvice(advice);
        return (Unlimited) factory.getProxy();
    }

    /** A bean without a limit. */
    static class Unlimited {

        String search(String userId, SearchRequest request) {
            return userId;
        }
    }
}
