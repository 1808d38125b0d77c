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
 * Determines which methods the aspect can reach. The aspect sees the annotations on a method and on its class, but not
 * those on overridden or implemented methods. In AspectJ mode the aspect limits the methods that it reaches, and
 * proxies limit all others.
 */
final class AspectJWeaving {

    /** The number of composed annotations between the method and {@code @RateLimited} that the pointcut follows. */
    private static final int DEPTH = 2;

    private AspectJWeaving() {}

    /** {@return whether the pointcut of {@link RateLimitAspect} matches a method if it is woven} */
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

    /** {@return whether AspectJ has woven a method: it moves the body of the method into another one} */
    static boolean isWoven(Method method) {
        return Arrays.stream(method.getDeclaringClass().getDeclaredMethods())
                .anyMatch(other -> other.getName().startsWith(method.getName() + "_aroundBody"));
    }

    private static boolean bears(AnnotatedElement element) {
        return MergedAnnotations.from(element, SearchStrategy.DIRECT).stream(RateLimited.class)
                .anyMatch(annotation -> annotation.getDistance() <= DEPTH);
    }
}
