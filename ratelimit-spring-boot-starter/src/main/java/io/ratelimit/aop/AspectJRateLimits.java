package io.ratelimit.aop;

import java.lang.reflect.Method;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.aopalliance.intercept.MethodInterceptor;
import org.aopalliance.intercept.MethodInvocation;
import org.jspecify.annotations.Nullable;
import org.springframework.aop.support.AopUtils;
import org.springframework.context.SmartLifecycle;
import org.springframework.context.annotation.AdviceMode;
import org.springframework.core.MethodClassKey;
import org.springframework.util.ClassUtils;

/**
 * Applies the limits to calls of woven methods if the application runs in AspectJ mode. This component starts after all
 * singletons are created and before servers start, and stops after all other components.
 *
 * <p>A woven object does not know its application. If several applications run in one JVM, the one that started last
 * decides for all of them.
 */
final class AspectJRateLimits implements SmartLifecycle {

    private static final Deque<AspectJRateLimits> RUNNING = new ArrayDeque<>();
    private static volatile @Nullable AspectJRateLimits current;

    private final RateLimitedMethodRegistry methods;
    private final MethodInterceptor limits;
    private final AdviceMode mode;
    private final Map<MethodClassKey, Boolean> counting = new ConcurrentHashMap<>();

    /**
     * Creates the component, not yet started.
     *
     * @param advisor provides the limits
     * @param methods the limited methods
     * @param mode the advice mode; the component starts in AspectJ mode only
     */
    AspectJRateLimits(RateLimitAdvisor advisor, RateLimitedMethodRegistry methods, AdviceMode mode) {
        this.methods = methods;
        this.limits = advisor.limits();
        this.mode = mode;
    }

    /** {@return the component that applies the limits; null if there is none, so that every call proceeds} */
    static @Nullable AspectJRateLimits current() {
        return current;
    }

    /**
     * Returns whether the execution of a method counts as a call. The execution of a method that the target overrides
     * is a call of {@code super}, which was counted with the call of the overriding method.
     */
    boolean counts(Method method, @Nullable Object target) {
        Class<?> type = target == null ? method.getDeclaringClass() : target.getClass();
        return counting.computeIfAbsent(new MethodClassKey(method, type), key -> counts(method, type));
    }

    @Nullable Object invoke(MethodInvocation execution) throws Throwable {
        return limits.invoke(execution);
    }

    @Override
    public boolean isAutoStartup() {
        return mode == AdviceMode.ASPECTJ;
    }

    @Override
    public int getPhase() {
        return Integer.MIN_VALUE;
    }

    @Override
    public void start() {
        synchronized (RUNNING) {
            RUNNING.remove(this);
            RUNNING.addLast(this);
            current = this;
        }
    }

    @Override
    public void stop() {
        synchronized (RUNNING) {
            RUNNING.remove(this);
            current = RUNNING.peekLast();
        }
    }

    @Override
    public boolean isRunning() {
        synchronized (RUNNING) {
            return RUNNING.contains(this);
        }
    }

    private boolean counts(Method method, Class<?> type) {
        Class<?> targetClass = ClassUtils.getUserClass(type);
        return AspectJWeaving.reaches(method)
                && AopUtils.getMostSpecificMethod(method, targetClass).equals(method)
                && methods.isLimited(method, targetClass);
    }
}
