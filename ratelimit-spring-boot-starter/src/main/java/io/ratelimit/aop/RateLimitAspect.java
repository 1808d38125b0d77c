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
 * Puts limits into the annotated methods themselves, for {@code ratelimit.aop.mode: aspectj}: woven when classes are loaded, by
 * {@code -javaagent:aspectjweaver.jar}, or when they are compiled, by the AspectJ compiler.
 *
 * <p>Who is limited, and how, is up to the application that runs ({@link AspectJRateLimits}). Without one, or in proxy mode, a
 * woven method does what it always did.
 *
 * <p>Not to be declared as a bean: Spring AOP would take it for advice of proxies.
 */
@Aspect
public final class RateLimitAspect {

    private static final RateLimitAspect INSTANCE = new RateLimitAspect();

    private RateLimitAspect() {}

    /**
     * The one instance, which woven code asks for. AspectJ would add this method, but only where it weaves the aspect too.
     *
     * @return the aspect
     */
    public static RateLimitAspect aspectOf() {
        return INSTANCE;
    }

    /** {@return true, which AspectJ asks} */
    public static boolean hasAspect() {
        return true;
    }

    /**
     * Asks the limits of a method before it runs. {@link AspectJWeaving#reaches} must know all of these places.
     *
     * @param call the execution of a method that bears the annotation, or that a class has which bears it
     * @return what the method, or a fallback, returns
     * @throws Throwable what the method throws, or the refusal
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

    /** The execution as an invocation of a proxy without other advice: it proceeds as often as it is asked to. */
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
