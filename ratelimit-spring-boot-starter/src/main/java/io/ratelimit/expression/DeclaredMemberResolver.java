package io.ratelimit.expression;

import java.lang.reflect.Constructor;
import java.lang.reflect.Executable;
import java.lang.reflect.Field;
import java.lang.reflect.Member;
import java.lang.reflect.Method;
import java.lang.reflect.TypeVariable;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.core.ResolvableType;
import org.springframework.expression.spel.support.ReflectivePropertyAccessor;

/** Finds the members of declared types in the same way as the evaluation finds those of values. */
final class DeclaredMemberResolver extends ReflectivePropertyAccessor {

    DeclaredMemberResolver() {
        super(false);
    }

    /** A getter or field, and the type of its value. */
    record Property(Member member, ResolvableType type) {}

    /**
     * Returns a property of an owner; null if there is none. If the owner is a class, such as
     * {@code T(java.lang.Math)}, it also has the static properties of that class.
     */
    @Nullable Property property(ResolvableType owner, Class<?> type, String name) {
        Class<?> named = named(owner, type);
        Property found = named == null ? null : property(ResolvableType.forClass(named), named, name, true);
        return found != null ? found : property(owner, type, name, false);
    }

    /** {@return the public methods of an owner with a name; if the owner is a class, also the methods of that class} */
    List<Method> methods(ResolvableType owner, Class<?> type, String name) {
        Class<?> named = named(owner, type);
        return Stream.of(type, named == null ? type : named, Object.class)
                .flatMap(declarer -> Arrays.stream(declarer.getMethods()))
                .filter(method -> method.getName().equals(name))
                .distinct()
                .toList();
    }

    /** {@return the public constructors of a class that take a number of arguments} */
    static List<Constructor<?>> constructors(Class<?> type, int count) {
        return Arrays.stream(type.getConstructors())
                .filter(constructor -> takes(constructor, count))
                .toList();
    }

    static boolean takes(Executable executable, int count) {
        return executable.getParameterCount() == count
                || executable.isVarArgs() && count >= executable.getParameterCount() - 1;
    }

    /** {@return the common return type of methods; unknown if they differ} */
    static ResolvableType returned(List<Method> methods, ResolvableType owner) {
        boolean same = methods.stream().map(Method::getReturnType).distinct().count() == 1;
        return same
                ? certain(ResolvableType.forType(methods.get(0).getGenericReturnType(), owner))
                : ResolvableType.NONE;
    }

    /** {@return whether the members of an owner are not known before the evaluation, for example those of a map} */
    static boolean isDynamic(@Nullable Class<?> owner, boolean nullSafe) {
        return owner == null
                || owner == Object.class
                || Map.class.isAssignableFrom(owner)
                || owner == Optional.class && nullSafe;
    }

    /** Treats an unresolved type variable as unknown, whatever its bound. */
    static ResolvableType certain(ResolvableType type) {
        boolean open = type.getType() instanceof TypeVariable<?> variable
                && Arrays.asList(variable.getBounds()).contains(type.resolve(Object.class));
        return open ? ResolvableType.NONE : type;
    }

    /** {@return the type of the value at an index or key; unknown if it is not declared} */
    static ResolvableType indexed(ResolvableType owner, Class<?> type) {
        if (type.isArray()) {
            return certain(owner.getComponentType());
        }
        if (List.class.isAssignableFrom(type)) {
            return certain(owner.as(List.class).getGeneric(0));
        }
        return Map.class.isAssignableFrom(type) ? certain(owner.as(Map.class).getGeneric(1)) : ResolvableType.NONE;
    }

    /**
     * {@return the type of the elements that a selection or projection of a value sees; unknown if it is not declared}
     */
    static ResolvableType element(ResolvableType owner) {
        if (owner.isArray()) {
            return certain(owner.getComponentType());
        }
        Class<?> type = owner.resolve(Object.class);
        if (Map.class.isAssignableFrom(type)) {
            return ResolvableType.forClassWithGenerics(
                    Map.Entry.class, owner.as(Map.class).getGenerics());
        }
        return Iterable.class.isAssignableFrom(type)
                ? certain(owner.as(Iterable.class).getGeneric(0))
                : ResolvableType.NONE;
    }

    private @Nullable Property property(ResolvableType owner, Class<?> declared, String name, boolean isStatic) {
        for (Class<?> type : List.of(declared, Object.class)) {
            Method getter = findGetterForProperty(name, type, isStatic);
            if (getter != null) {
                return new Property(getter, certain(ResolvableType.forType(getter.getGenericReturnType(), owner)));
            }
        }
        Field field = findField(name, declared, isStatic);
        return field == null
                ? null
                : new Property(field, certain(ResolvableType.forType(field.getGenericType(), owner)));
    }

    private static @Nullable Class<?> named(ResolvableType owner, Class<?> type) {
        return type == Class.class ? owner.getGeneric(0).resolve() : null;
    }
}
