package io.ratelimit.aop;

import io.ratelimit.expression.ExpressionParameters.Wrapper;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import kotlin.jvm.JvmClassMappingKt;
import kotlin.reflect.KClass;
import kotlin.reflect.KFunction;
import kotlin.reflect.KParameter;
import kotlin.reflect.KType;
import kotlin.reflect.jvm.ReflectJvmMapping;
import org.jspecify.annotations.Nullable;
import org.springframework.core.KotlinDetector;
import org.springframework.util.ConcurrentReferenceHashMap;

/**
 * The signature of a method as its source declares it. The Kotlin compiler gives functions with value classes another
 * name, such as {@code find-L1XQ-vc} for {@code fun find(id: UserId)}, and passes the value inside of the class
 * instead. It also renames internal functions.
 *
 * <p>Without {@code kotlin-reflect} only the name is known. Of methods in other languages the signature is that of the
 * JVM.
 *
 * @param name the name
 * @param parameters the value classes among the parameters, by position
 * @param returned the value class that is returned; null if it is another type, or unknown
 */
record KotlinSignature(
        String name,
        Map<Integer, ValueClass> parameters,
        @Nullable ValueClass returned) {

    /** Matches {@code find-L1XQ-vc} of a function with value classes, and {@code find$main} of an internal one. */
    private static final Pattern RENAMED = Pattern.compile("(.+?)(-[\\w-]{7}(\\$.+)?|\\$.+)");

    private static final Map<Method, KotlinSignature> READ = new ConcurrentReferenceHashMap<>();

    /**
     * Returns the signature of a method.
     *
     * @param method any method
     * @return its signature
     */
    static KotlinSignature of(Method method) {
        return KotlinDetector.isKotlinType(method.getDeclaringClass())
                ? READ.computeIfAbsent(method, KotlinSignature::read)
                : new KotlinSignature(method.getName(), Map.of(), null);
    }

    /**
     * Returns the bridge method through which a generic supertype calls a function with value classes. It has another
     * name than the function, so that Spring does not see that they belong together.
     *
     * @param method any method
     * @return the bridge method; null if there is none
     */
    static @Nullable Method bridge(Method method) {
        String name = of(method).name();
        if (!name.equals(method.getName())) {
            for (Method other : method.getDeclaringClass().getDeclaredMethods()) {
                if (other.isBridge()
                        && other.getName().equals(name)
                        && other.getParameterCount() == method.getParameterCount()) {
                    return other;
                }
            }
        }
        return null;
    }

    /** {@return all value classes of the signature} */
    List<ValueClass> valueClasses() {
        List<ValueClass> all = new ArrayList<>(parameters.values());
        if (returned != null) {
            all.add(returned);
        }
        return all;
    }

    /** {@return the value classes by position, where the JVM passes the value inside} */
    Map<Integer, Wrapper> wrappers(Method method) {
        Map<Integer, Wrapper> wrappers = new HashMap<>();
        parameters.forEach((position, valueClass) -> {
            if (method.getParameterTypes()[position] != valueClass.type()) {
                wrappers.put(position, valueClass.wrapper());
            }
        });
        return wrappers;
    }

    private static KotlinSignature read(Method method) {
        KotlinSignature found = KotlinDetector.isKotlinReflectPresent() ? Reflection.signature(method) : null;
        return found != null ? found : new KotlinSignature(nameInSource(method.getName()), Map.of(), null);
    }

    private static String nameInSource(String name) {
        Matcher renamed = RENAMED.matcher(name);
        return renamed.matches() ? renamed.group(1) : name;
    }

    /** Reads signatures by {@code kotlin-reflect}. Loaded only if it is on the class path. */
    private static final class Reflection {

        static @Nullable KotlinSignature signature(Method method) {
            KFunction<?> function;
            try {
                function = ReflectJvmMapping.getKotlinFunction(method);
            } catch (UnsupportedOperationException ex) {
                return null;
            }
            if (function == null) {
                return null;
            }
            Map<Integer, ValueClass> parameters = new HashMap<>();
            int position = 0;
            for (KParameter parameter : function.getParameters()) {
                if (parameter.getKind() == KParameter.Kind.INSTANCE) {
                    continue;
                }
                ValueClass found = valueClass(parameter.getType());
                if (found != null) {
                    parameters.put(position, found);
                }
                position++;
            }
            return new KotlinSignature(
                    function.getName(), Map.copyOf(parameters), valueClass(function.getReturnType()));
        }

        private static @Nullable ValueClass valueClass(KType type) {
            if (!(type.getClassifier() instanceof KClass<?> known)) {
                return null;
            }
            Class<?> found = JvmClassMappingKt.getJavaClass(known);
            return KotlinDetector.isInlineClass(found) ? new ValueClass(found, type.isMarkedNullable()) : null;
        }
    }
}
