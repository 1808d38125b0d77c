package io.ratelimit.expression;

import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.core.DefaultParameterNameDiscoverer;
import org.springframework.core.ParameterNameDiscoverer;
import org.springframework.core.ResolvableType;
import org.springframework.expression.spel.SpelNode;
import org.springframework.expression.spel.ast.VariableReference;

/**
 * The parameters of a method as its expressions see them.
 *
 * @param names the names in order; empty if the class file has no parameter names
 * @param types the types in order, with type variables resolved as far as the class resolves them
 * @param indexes the position of each variable: the names, {@code p0}, {@code a0} and so on
 * @param wrappers the Kotlin value classes, by position, that the JVM passes unboxed
 * @param target the class of the bean, which may be a supertype of its real class
 */
public record ExpressionParameters(
        List<String> names,
        List<ResolvableType> types,
        Map<String, Integer> indexes,
        Map<Integer, Wrapper> wrappers,
        Class<?> target) {

    /**
     * A value class of Kotlin.
     *
     * @param type its simple name
     * @param property the name of its one property
     */
    public record Wrapper(String type, String property) {}

    private static final ParameterNameDiscoverer NAMES = new DefaultParameterNameDiscoverer();

    /**
     * Creates parameters without value classes.
     *
     * @param names the names in order
     * @param types the types in order
     * @param indexes the position of each variable
     * @param target the class of the bean
     */
    public ExpressionParameters(
            List<String> names, List<ResolvableType> types, Map<String, Integer> indexes, Class<?> target) {
        this(names, types, indexes, Map.of(), target);
    }

    /**
     * Reads the parameters of a method.
     *
     * @param specific the method that runs
     * @param on the annotated method, whose names come first; null if a type is annotated
     * @param count the number of parameters that expressions see, counted from the first
     * @param targetClass the class of the bean
     * @return the parameters
     */
    public static ExpressionParameters of(Method specific, @Nullable Method on, int count, Class<?> targetClass) {
        List<String> names = names(on == null ? specific : on, specific, count);
        List<ResolvableType> types = new ArrayList<>();
        Map<String, Integer> indexes = new HashMap<>();
        for (int i = 0; i < count; i++) {
            types.add(ResolvableType.forMethodParameter(specific, i, targetClass));
            indexes.put("p" + i, i);
            indexes.put("a" + i, i);
        }
        for (int i = 0; i < names.size(); i++) {
            indexes.put(names.get(i), i);
        }
        return new ExpressionParameters(names, List.copyOf(types), Map.copyOf(indexes), targetClass);
    }

    /**
     * Returns these parameters with the Kotlin value classes that the JVM passes unboxed.
     *
     * @param valueClasses the value classes by position
     * @return these parameters, whose types stay those that a call has
     */
    public ExpressionParameters unwrapping(Map<Integer, Wrapper> valueClasses) {
        return new ExpressionParameters(names, types, indexes, Map.copyOf(valueClasses), target);
    }

    /**
     * Appends the method's result as the variable {@code result}.
     *
     * @param type the declared type of the result, or of the value inside if it is a value class
     * @param wrapper the value class that is returned; null if it is another type
     * @return these parameters and the result
     */
    public ExpressionParameters withResult(ResolvableType type, @Nullable Wrapper wrapper) {
        List<ResolvableType> all = new ArrayList<>(types);
        Map<String, Integer> variables = new HashMap<>(indexes);
        variables.put("result", all.size());
        Map<Integer, Wrapper> classes = new HashMap<>(wrappers);
        if (wrapper != null) {
            classes.put(all.size(), wrapper);
        }
        all.add(type);
        return new ExpressionParameters(names, List.copyOf(all), Map.copyOf(variables), Map.copyOf(classes), target);
    }

    /** {@return the value class of a variable that has the value inside of it; null for any other expression} */
    @Nullable Wrapper wrapper(SpelNode node) {
        Integer index = node instanceof VariableReference
                ? indexes.get(node.toStringAST().substring(1))
                : null;
        return index == null ? null : wrappers.get(index);
    }

    private static List<String> names(Method first, Method second, int count) {
        List<String> names = names(first, count);
        return names.isEmpty() ? names(second, count) : names;
    }

    private static List<String> names(Method method, int count) {
        @Nullable String @Nullable [] found = NAMES.getParameterNames(method);
        List<String> names = new ArrayList<>();
        if (found != null) {
            for (int i = 0; i < count; i++) {
                String name = found[i];
                if (name == null) {
                    return List.of();
                }
                names.add(name);
            }
        }
        return List.copyOf(names);
    }
}
