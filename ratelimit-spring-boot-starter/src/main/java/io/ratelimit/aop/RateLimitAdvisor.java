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
    private final Supplier<AdviceSettings> settings;

    /**
     * Creates the advisor.
     *
     * @param methods the limited methods
     * @param registry provides the limits; fetched on the first limited call
     * @param settings fetched when the first bean is advised, so that an advisor that is created early does not create
     *     other beans early
     * @param continuations fetched when a decision first comes late and its caller cannot block
     */
    RateLimitAdvisor(
            RateLimitedMethodRegistry methods,
            ObjectProvider<RateLimiterRegistry> registry,
            Supplier<AdviceSettings> settings,
            Supplier<ContinuationSettings> continuations) {
        this.methods = methods;
        this.settings = SingletonSupplier.of(settings);
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
        return new RateLimitedPointcut();
    }

    @Override
    public int getOrder() {
        return settings.get().order();
    }

    private final class RateLimitedPointcut extends StaticMethodMatcher implements Pointcut {

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
            return methods.isLimited(method, targetClass)
                    && !(settings.get().mode() == AdviceMode.ASPECTJ && methods.isReachedByAspect(method, targetClass));
        }
    }
}
