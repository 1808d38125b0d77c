package io.ratelimit.aop;

import io.ratelimit.expression.ExpressionOrigin;
import io.ratelimit.expression.InvalidCallException;
import io.ratelimit.expression.UnusableValue;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.Arrays;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.springframework.util.ClassUtils;

/** An attribute of an annotation on a method, for error messages that name it. */
record AnnotationAttribute(Method method, Class<?> targetClass, String attribute, String value)
        implements ExpressionOrigin {

    /** {@return the name of a method for messages, such as {@code com.acme.Search#search(String,String)}} */
    static String text(Method method, Class<?> targetClass) {
        KotlinSignature signature = KotlinSignature.of(method);
        Class<?>[] types = method.getParameterTypes();
        return named(method, targetClass).getName() + "#" + signature.name()
                + IntStream.range(0, SuspendFunction.parameterCount(method))
                        .mapToObj(i -> signature.parameters().containsKey(i)
                                ? signature.parameters().get(i).toString()
                                : types[i].getSimpleName())
                        .collect(Collectors.joining(",", "(", ")"));
    }

    /** {@return the class that a reader knows: for a lambda or a proxy, the interface that has the method} */
    private static Class<?> named(Method method, Class<?> targetClass) {
        return ClassUtils.isLambdaClass(targetClass) || Proxy.isProxyClass(targetClass)
                ? Arrays.stream(targetClass.getInterfaces())
                        .filter(type -> ClassUtils.hasMethod(type, method))
                        .findFirst()
                        .orElse(targetClass)
                : targetClass;
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
    public InvalidCallException unusable(UnusableValue unusable, String fix) {
        return new InvalidCallException(
                "Invalid " + place() + ": \"" + value + "\" gave " + unusable.description() + "; " + consequence()
                        + "; " + fix,
                attribute,
                place(),
                unusable.rule(),
                unusable.text());
    }

    @Override
    public InvalidCallException failed(String problem) {
        return new InvalidCallException(
                uncomputable(problem),
                attribute,
                place(),
                "it cannot be computed from the values of the call (" + problem + ")",
                null);
    }

    @Override
    public IllegalArgumentException threw(Throwable thrown) {
        return new IllegalArgumentException(uncomputable("a method failed"), thrown);
    }

    private String uncomputable(String problem) {
        return "Invalid " + place() + ": \"" + value + "\" cannot be evaluated (" + problem + "); " + consequence()
                + "; check it against the types of the call's values";
    }

    /** Returns what happened to the charge: only {@code settle} is evaluated after it. */
    private String consequence() {
        return attribute.equals("settle") ? "the charge stays" : "nothing was charged";
    }

    private String place() {
        return attribute + " of @RateLimited on " + text(method, targetClass);
    }
}
