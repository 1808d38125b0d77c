package io.ratelimit.aop;

import io.ratelimit.RateLimiters;
import java.lang.reflect.Method;
import org.aopalliance.aop.Advice;
import org.springframework.aop.ClassFilter;
import org.springframework.aop.MethodMatcher;
import org.springframework.aop.Pointcut;
import org.springframework.aop.PointcutAdvisor;
import org.springframework.aop.support.StaticMethodMatcher;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.core.Ordered;
import org.springframework.util.function.SingletonSupplier;

/**
 * Puts the limits of annotated methods around beans, as any other advisor of Spring AOP.
 *
 * <p>To be declared as an infrastructure bean, so that it applies with and without AspectJ.
 */
public final class RateLimitAdvisor implements PointcutAdvisor, Ordered {

    private final RateLimitedMethods methods;
    private final RateLimitInterceptor advice;
    private final int order;

    /**
     * Creates the advisor.
     *
     * @param methods what is limited
     * @param limiters the registry that is asked, first fetched on the first limited call
     * @param emptyKey what becomes of a call whose key is null or blank
     * @param enabled false admits every call and evaluates nothing
     * @param order its place among advisors; {@link Ordered#HIGHEST_PRECEDENCE} is outermost
     */
    public RateLimitAdvisor(
            RateLimitedMethods methods,
            ObjectProvider<RateLimiters> limiters,
            EmptyKey emptyKey,
            boolean enabled,
            int order) {
        this.methods = methods;
        this.advice = new RateLimitInterceptor(methods, SingletonSupplier.of(limiters::getObject), emptyKey, enabled);
        this.order = order;
    }

    @Override
    public Advice getAdvice() {
        return advice;
    }

    @Override
    public Pointcut getPointcut() {
        return new LimitedMethods();
    }

    @Override
    public int getOrder() {
        return order;
    }

    private final class LimitedMethods extends StaticMethodMatcher implements Pointcut {

        @Override
        public ClassFilter getClassFilter() {
            return methods::mayAdvise;
        }

        @Override
        public MethodMatcher getMethodMatcher() {
            return this;
        }

        @Override
        public boolean matches(Method method, Class<?> targetClass) {
            return methods.isLimited(method, targetClass);
        }
    }
}
