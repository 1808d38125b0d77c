package io.ratelimit.aop;

import io.ratelimit.annotation.RateLimited;
import java.lang.reflect.AnnotatedElement;
import java.lang.reflect.Method;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.core.annotation.MergedAnnotation;
import org.springframework.core.annotation.MergedAnnotations;
import org.springframework.core.annotation.MergedAnnotations.SearchStrategy;

/**
 * One {@link RateLimited} as it was written.
 *
 * @param on the method that bears it, whose parameter names its expressions use; null if a type bears it
 */
record Declaration(
        String limit,
        String key,
        double cost,
        String costExpression,
        String condition,
        String fallback,
        @Nullable Method on) {

    /** {@return what an element bears itself, in composed annotations and containers too} */
    static List<Declaration> on(AnnotatedElement element) {
        return MergedAnnotations.from(element, SearchStrategy.DIRECT).stream(RateLimited.class)
                .map(annotation -> of(annotation, element instanceof Method method ? method : null))
                .toList();
    }

    static boolean isOn(AnnotatedElement element) {
        return !on(element).isEmpty();
    }

    private static Declaration of(MergedAnnotation<RateLimited> annotation, @Nullable Method on) {
        return new Declaration(
                annotation.getString("limit"),
                annotation.getString("key"),
                annotation.getDouble("cost"),
                annotation.getString("costExpression"),
                annotation.getString("condition"),
                annotation.getString("fallback"),
                on);
    }
}
