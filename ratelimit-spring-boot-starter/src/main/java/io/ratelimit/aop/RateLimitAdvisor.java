package io.ratelimit.aop;

import io.ratelimit.RateLimiterRegistry;
import java.lang.reflect.Method;
import java.util.function.Supplier;
import org.aopalliance.aop.Advice;
import org.springframework.aop.ClassFilter;
import org.springframework.aop.MethodMatcher;
import org.springframework.aop.Pointcut;
import org.springframework.aop.PointcutAdvisor;
import org.springframework.aop.support.StaticMethodMatcher;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.context.annotation.AdviceMode;
import org.springframework.core.Ordered;
import org.springframework.util.function.SingletonSupplier;

/**
 * Applies the limits of annotated methods through proxies, as an advisor of Spring AOP. In AspectJ mode it skips the
 * methods that the aspect reaches.
 *
 * <p>It is an infrastructure bean, so that it works with and without AspectJ on the class path.
 */
final class RateLimitAdvisor implements PointcutAdvisor, Ordered {

    private final RateLimitedMethodRegistry methods;
    private final RateLimitInterceptor advice;
    private final Pointcut pointcut = new RateLimitedPointcut();
    private final Supplier<AdviceSettings> settings;
    private final MethodSecurityAdvisors security;

    /**
     * Creates the advisor.
     *
     * @param methods the limited methods
     * @param registry provides the limits; fetched on the first limited call
     * @param settings fetched when the first bean is advised, so that an advisor that is created early does not create
     *     other beans early
     * @param security determines the order if the settings have none
     * @param continuations fetched when a decision first comes late and its caller cannot block
     */
    RateLimitAdvisor(
            RateLimitedMethodRegistry methods,
            ObjectProvider<RateLimiterRegistry> registry,
            Supplier<AdviceSettings> settings,
            MethodSecurityAdvisors security,
            Supplier<ContinuationSettings> continuations) {
        this.methods = methods;
        this.settings = SingletonSupplier.of(settings);
        this.security = security;
        ContinuationDispatcher dispatcher =
                new ContinuationDispatcher(SingletonSupplier.of(continuations), new ThreadContextPropagator());
        this.advice = new RateLimitInterceptor(
                methods,
                this.settings,
                SingletonSupplier.of(() -> new RateLimitedInvocation.InvocationSettings(
                        registry.getObject(), this.settings.get().common(), dispatcher)));
    }

    /** {@return the advice, which also applies the limits of woven methods} */
    RateLimitInterceptor limits() {
        return advice;
    }

    @Override
    public Advice getAdvice() {
        return advice;
    }

    @Override
    public Pointcut getPointcut() {
        return pointcut;
    }

    @Override
    public int getOrder() {
        Integer order = settings.get().order();
        return order == null ? security.orderBehind() : order;
    }

    /** There is one pointcut with one filter, because proxies with the same ones share their class. */
    private final class RateLimitedPointcut extends StaticMethodMatcher implements Pointcut {

        private final ClassFilter classFilter = targetClass -> methods.mayAdvise(targetClass);

        @Override
        public ClassFilter getClassFilter() {
            return classFilter;
        }

        @Override
        public MethodMatcher getMethodMatcher() {
            return this;
        }

        @Override
        public boolean matches(Method method, Class<?> targetClass) {
            return methods.isLimited(method, targetClass)
                    && !(settings.get().mode() == AdviceMode.ASPECTJ && methods.isReachedByAspect(method, targetClass));
        }
    }
}
