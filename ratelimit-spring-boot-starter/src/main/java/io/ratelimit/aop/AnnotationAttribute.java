package io.ratelimit.aop;

import io.ratelimit.expression.ExpressionOrigin;
import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.util.ClassUtils;

/** An attribute of an annotation on a method, for error messages that name it. */
record AnnotationAttribute(Method method, Class<?> targetClass, String attribute, String value)
        implements ExpressionOrigin {

    /** {@return the name of a method for messages, such as {@code com.acme.Search#search(String,String)}} */
    static String text(Method method, Class<?> targetClass) {
        Class<?> named = ClassUtils.isLambdaClass(targetClass) ? targetClass.getInterfaces()[0] : targetClass;
        return named.getName() + "#" + method.getName()
                + Arrays.stream(method.getParameterTypes(), 0, SuspendFunction.parameterCount(method))
                        .map(Class::getSimpleName)
                        .collect(Collectors.joining(",", "(", ")"));
    }

    AnnotationAttribute at(String otherAttribute, String otherValue) {
        return new AnnotationAttribute(method, targetClass, otherAttribute, otherValue);
    }

    @Override
    public InvalidRateLimitedException invalid(String rule, String fix) {
        return invalid(rule, fix, null);
    }

    @Override
    public InvalidRateLimitedException invalid(String rule, String fix, @Nullable Throwable cause) {
        return new InvalidRateLimitedException(
                text(method, targetClass), attribute, "\"" + value + "\": " + rule, fix, cause);
    }

    @Override
    public IllegalArgumentException unusable(String what, String fix) {
        return new IllegalArgumentException("Invalid " + attribute + " of @RateLimited on " + text(method, targetClass)
                + ": \"" + value + "\" gave " + what + "; " + fix);
    }

    @Override
    public IllegalArgumentException failed(String problem, @Nullable Throwable thrown) {
        return new IllegalArgumentException(
                "Invalid " + attribute + " of @RateLimited on " + text(method, targetClass) + ": \"" + value
                        + "\" cannot be evaluated (" + problem
                        + "); nothing was charged; check it against the types of the call's values",
                thrown);
    }
}
