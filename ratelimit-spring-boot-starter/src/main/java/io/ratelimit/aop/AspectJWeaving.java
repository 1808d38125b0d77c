package io.ratelimit.aop;

import io.ratelimit.annotation.RateLimited;
import io.ratelimit.annotation.RateLimits;
import java.lang.reflect.AnnotatedElement;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.Arrays;
import org.springframework.core.KotlinDetector;
import org.springframework.core.annotation.MergedAnnotations;
import org.springframework.core.annotation.MergedAnnotations.SearchStrategy;
import org.springframework.util.ClassUtils;

/**
 * Which methods the aspect reaches, which sees a method and its class, but not what they override or implement. In AspectJ mode
 * these are the aspect's, and all others are left to proxies.
 */
final class AspectJWeaving {

    /** How many annotations deep the aspect looks into composed ones. */
    private static final int DEPTH = 2;

    private AspectJWeaving() {}

    /** {@return whether the pointcut of {@link RateLimitAspect} is sure to match a method, if it is woven} */
    static boolean reaches(Method method) {
        int modifiers = method.getModifiers();
        Class<?> declaring = method.getDeclaringClass();
        if (Modifier.isAbstract(modifiers)
                || KotlinDetector.isSuspendingFunction(method)
                || ClassUtils.getUserClass(declaring) != declaring) {
            return false;
        }
        return bears(method)
                || Modifier.isPublic(modifiers)
                        && !Modifier.isStatic(modifiers)
                        && (bears(declaring)
                                || declaring.isAnnotationPresent(RateLimited.class)
                                || declaring.isAnnotationPresent(RateLimits.class));
    }

    /** {@return whether the body of a method is where AspectJ puts one that it wraps} */
    static boolean isWoven(Method method) {
        return Arrays.stream(method.getDeclaringClass().getDeclaredMethods())
                .anyMatch(other -> other.getName().startsWith(method.getName() + "_aroundBody"));
    }

    private static boolean bears(AnnotatedElement element) {
        return MergedAnnotations.from(element, SearchStrategy.DIRECT).stream(RateLimited.class)
                .anyMatch(annotation -> annotation.getDistance() <= DEPTH);
    }
}
