package io.ratelimit.aop;

import io.ratelimit.annotation.CostResolver;
import io.ratelimit.annotation.KeyResolver;
import io.ratelimit.annotation.LimitResolver;
import io.ratelimit.annotation.NotRateLimited;
import io.ratelimit.annotation.RateLimited;
import java.lang.reflect.AnnotatedElement;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.springframework.core.annotation.MergedAnnotation;
import org.springframework.core.annotation.MergedAnnotations;
import org.springframework.core.annotation.MergedAnnotations.SearchStrategy;

/**
 * The attributes of one {@link RateLimited} annotation, not yet resolved.
 *
 * @param on the annotated method, whose parameter names the expressions use; null if a type is annotated
 * @param within the annotated type, or the one that declares the annotated method
 */
record RateLimitedDeclaration(
        String limit,
        String limitExpression,
        Class<? extends LimitResolver> limitResolver,
        String key,
        Class<? extends KeyResolver> keyResolver,
        double cost,
        String costExpression,
        Class<? extends CostResolver> costResolver,
        String maxWait,
        String condition,
        String settle,
        List<Class<? extends Throwable>> refundOn,
        String fallback,
        @Nullable Method on,
        Class<?> within) {

    /** {@return the declarations on an element itself, also in composed annotations and containers} */
    static List<RateLimitedDeclaration> on(AnnotatedElement element) {
        return MergedAnnotations.from(element, SearchStrategy.DIRECT).stream(RateLimited.class)
                .map(annotation -> element instanceof Method method
                        ? of(annotation, method, method.getDeclaringClass())
                        : of(annotation, null, (Class<?>) element))
                .toList();
    }

    static boolean isOn(AnnotatedElement element) {
        return !on(element).isEmpty();
    }

    /** {@return whether an element is exempt from the declarations around it} */
    static boolean isExempt(AnnotatedElement element) {
        return MergedAnnotations.from(element, SearchStrategy.DIRECT).isPresent(NotRateLimited.class);
    }

    /** {@return whether another declaration has the same attributes, wherever it is} */
    boolean isSame(RateLimitedDeclaration other) {
        return equals(other.movedTo(on, within));
    }

    /** {@return this declaration with another text in each attribute that may have placeholders} */
    RateLimitedDeclaration withTexts(UnaryOperator<String> change) {
        return new RateLimitedDeclaration(
                change.apply(limit),
                change.apply(limitExpression),
                limitResolver,
                change.apply(key),
                keyResolver,
                cost,
                change.apply(costExpression),
                costResolver,
                change.apply(maxWait),
                change.apply(condition),
                change.apply(settle),
                refundOn,
                change.apply(fallback),
                on,
                within);
    }

    private RateLimitedDeclaration movedTo(@Nullable Method method, Class<?> type) {
        return new RateLimitedDeclaration(
                limit,
                limitExpression,
                limitResolver,
                key,
                keyResolver,
                cost,
                costExpression,
                costResolver,
                maxWait,
                condition,
                settle,
                refundOn,
                fallback,
                method,
                type);
    }

    private static RateLimitedDeclaration of(
            MergedAnnotation<RateLimited> annotation, @Nullable Method on, Class<?> within) {
        return new RateLimitedDeclaration(
                annotation.getString("limit"),
                annotation.getString("limitExpression"),
                annotation.getClass("limitResolver").asSubclass(LimitResolver.class),
                annotation.getString("key"),
                annotation.getClass("keyResolver").asSubclass(KeyResolver.class),
                annotation.getDouble("cost"),
                annotation.getString("costExpression"),
                annotation.getClass("costResolver").asSubclass(CostResolver.class),
                annotation.getString("maxWait"),
                annotation.getString("condition"),
                annotation.getString("settle"),
                refundOn(annotation),
                annotation.getString("fallback"),
                on,
                within);
    }

    private static List<Class<? extends Throwable>> refundOn(MergedAnnotation<RateLimited> annotation) {
        List<Class<? extends Throwable>> types = new ArrayList<>();
        for (Class<?> type : annotation.getClassArray("refundOn")) {
            types.add(type.asSubclass(Throwable.class));
        }
        return List.copyOf(types);
    }
}
