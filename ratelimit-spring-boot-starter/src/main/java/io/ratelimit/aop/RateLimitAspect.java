package io.ratelimit.aop;

import java.lang.reflect.Method;
import java.util.List;
import org.aspectj.lang.ProceedingJoinPoint;
import org.aspectj.lang.annotation.Around;
import org.aspectj.lang.annotation.Aspect;
import org.aspectj.lang.reflect.MethodSignature;
import org.jspecify.annotations.Nullable;
import org.springframework.aop.framework.ReflectiveMethodInvocation;

/**
 * Applies limits within annotated methods, for {@code ratelimit.aop.mode: aspectj}. The methods are woven when classes
 * are loaded, by {@code -javaagent:aspectjweaver.jar}, or when they are compiled, by the AspectJ compiler.
 *
 * <p>The running application determines the limits ({@link AspectJRateLimits}). Without an application, or in proxy
 * mode, a woven method behaves as if it were not woven.
 *
 * <p>The aspect must not be a bean: Spring AOP would apply it through proxies.
 */
@Aspect
public final class RateLimitAspect {

    private static final RateLimitAspect INSTANCE = new RateLimitAspect();

    private RateLimitAspect() {}

    /**
     * Returns the singleton, which woven code asks for. AspectJ adds this method only if it weaves the aspect as well.
     *
     * @return the aspect
     */
    public static RateLimitAspect aspectOf() {
        return INSTANCE;
    }

    /** {@return true, because there is always an instance} */
    public static boolean hasAspect() {
        return true;
    }

    /**
     * Applies the limits of a method before it runs. {@link AspectJWeaving#reaches} must match exactly these
     * executions.
     *
     * @param call the execution of a method that is annotated, or whose class is
     * @return the result of the method or of its fallback
     * @throws Throwable the exception of the method or of the rejection
     */
    @Around(
            argNames = "call",
            value = "execution(@io.ratelimit.annotation.RateLimited * *(..))"
                    + " || execution(@io.ratelimit.annotation.RateLimits * *(..))"
                    + " || execution(@(@io.ratelimit.annotation.RateLimited *) * *(..))"
                    + " || execution(@(@io.ratelimit.annotation.RateLimits *) * *(..))"
                    + " || execution(@(@(@io.ratelimit.annotation.RateLimited *) *) * *(..))"
                    + " || execution(@(@(@io.ratelimit.annotation.RateLimits *) *) * *(..))"
                    + " || execution(public !static * *(..))"
                    + " && (within(@io.ratelimit.annotation.RateLimited *)"
                    + " || within(@io.ratelimit.annotation.RateLimits *)"
                    + " || within(@(@io.ratelimit.annotation.RateLimited *) *)"
                    + " || within(@(@io.ratelimit.annotation.RateLimits *) *)"
                    + " || within(@(@(@io.ratelimit.annotation.RateLimited *) *) *)"
                    + " || within(@(@(@io.ratelimit.annotation.RateLimits *) *) *))")
    public @Nullable Object limit(ProceedingJoinPoint call) throws Throwable {
        AspectJRateLimits application = AspectJRateLimits.current();
        if (application == null) {
            return call.proceed();
        }
        Method method = ((MethodSignature) call.getSignature()).getMethod();
        return application.counts(method, call.getTarget())
                ? application.invoke(new Execution(call, method))
                : call.proceed();
    }

    /** Presents the execution as an invocation without further advice. It can proceed several times. */
    private static final class Execution extends ReflectiveMethodInvocation {

        private final ProceedingJoinPoint call;

        Execution(ProceedingJoinPoint call, Method method) {
            super(call, call.getTarget(), method, call.getArgs(), method.getDeclaringClass(), List.of());
            this.call = call;
        }

        @Override
        protected @Nullable Object invokeJoinpoint() throws Throwable {
            return call.proceed();
        }
    }
}
