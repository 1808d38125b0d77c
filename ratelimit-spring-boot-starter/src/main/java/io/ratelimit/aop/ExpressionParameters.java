package io.ratelimit.aop;

import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.core.DefaultParameterNameDiscoverer;
import org.springframework.core.ParameterNameDiscoverer;
import org.springframework.core.ResolvableType;

/**
 * The parameters of a limited method as its expressions see them.
 *
 * @param targetClass the class of the bean
 * @param names in order; empty if there are parameters, but the class does not tell their names
 * @param types in order, type variables resolved where the class resolves them
 * @param indexes the position of each variable: the names, {@code p0}, {@code a0} and so on
 */
record ExpressionParameters(
        Class<?> targetClass, List<String> names, List<ResolvableType> types, Map<String, Integer> indexes) {

    private static final ParameterNameDiscoverer NAMES = new DefaultParameterNameDiscoverer();

    /**
     * Reads them.
     *
     * @param specific the method that runs
     * @param on the method that bears the annotation, whose names come first; null if a type bears it
     */
    static ExpressionParameters of(Method specific, @Nullable Method on, Class<?> targetClass) {
        List<String> names = names(on == null ? specific : on, specific);
        List<ResolvableType> types = new ArrayList<>();
        Map<String, Integer> indexes = new HashMap<>();
        for (int i = 0; i < SuspendFunction.parameterCount(specific); i++) {
            types.add(ResolvableType.forMethodParameter(specific, i, targetClass));
            indexes.put("p" + i, i);
            indexes.put("a" + i, i);
        }
        for (int i = 0; i < names.size(); i++) {
            indexes.put(names.get(i), i);
        }
        return new ExpressionParameters(targetClass, names, List.copyOf(types), Map.copyOf(indexes));
    }

    /** These and, behind them, what the method gave back, as {@code result}. */
    ExpressionParameters withResult(ResolvableType type) {
        List<ResolvableType> all = new ArrayList<>(types);
        Map<String, Integer> variables = new HashMap<>(indexes);
        variables.put("result", all.size());
        all.add(type);
        return new ExpressionParameters(targetClass, names, List.copyOf(all), Map.copyOf(variables));
    }

    private static List<String> names(Method first, Method second) {
        List<String> names = names(first);
        return names.isEmpty() ? names(second) : names;
    }

    private static List<String> names(Method method) {
        @Nullable String @Nullable [] found = NAMES.getParameterNames(method);
        List<String> names = new ArrayList<>();
        if (found != null) {
            for (int i = 0; i < SuspendFunction.parameterCount(method); i++) {
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
