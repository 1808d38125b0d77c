package io.ratelimit.expression;

import java.lang.reflect.Method;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.core.convert.TypeDescriptor;
import org.springframework.expression.AccessException;
import org.springframework.expression.ConstructorExecutor;
import org.springframework.expression.ConstructorResolver;
import org.springframework.expression.EvaluationContext;
import org.springframework.expression.MethodExecutor;
import org.springframework.expression.TypedValue;
import org.springframework.expression.spel.support.ReflectiveConstructorExecutor;
import org.springframework.expression.spel.support.ReflectiveConstructorResolver;
import org.springframework.expression.spel.support.ReflectiveMethodExecutor;
import org.springframework.expression.spel.support.ReflectiveMethodResolver;

/** Finds methods by reflection. An exception of a method becomes a {@link CalledMethodException}. */
final class CalledMethodResolver extends ReflectiveMethodResolver {

    @Override
    public @Nullable MethodExecutor resolve(
            EvaluationContext context, Object target, String name, List<TypeDescriptor> argumentTypes)
            throws AccessException {
        MethodExecutor found = super.resolve(context, target, name, argumentTypes);
        return found instanceof ReflectiveMethodExecutor method
                ? new Executor(method.getMethod(), target instanceof Class<?> type ? type : target.getClass())
                : found;
    }

    /** Extends the executor that the compiler of expressions expects. */
    private static final class Executor extends ReflectiveMethodExecutor {

        Executor(Method method, Class<?> targetClass) {
            super(method, targetClass);
        }

        @Override
        public TypedValue execute(EvaluationContext context, Object target, @Nullable Object... arguments)
                throws AccessException {
            try {
                return super.execute(context, target, arguments);
            } catch (AccessException ex) {
                throw CalledMethodException.uncalled(getMethod(), ex);
            }
        }
    }

    /** Finds constructors in the same way. */
    static final class OfConstructors implements ConstructorResolver {

        private final ReflectiveConstructorResolver constructors = new ReflectiveConstructorResolver();

        @Override
        public @Nullable ConstructorExecutor resolve(
                EvaluationContext context, String typeName, List<TypeDescriptor> argumentTypes) throws AccessException {
            ConstructorExecutor found = constructors.resolve(context, typeName, argumentTypes);
            return found instanceof ReflectiveConstructorExecutor constructor
                    ? (evaluation, arguments) -> execute(constructor, evaluation, arguments)
                    : found;
        }

        private static TypedValue execute(
                ReflectiveConstructorExecutor constructor, EvaluationContext context, @Nullable Object... arguments)
                throws AccessException {
            try {
                return constructor.execute(context, arguments);
            } catch (AccessException ex) {
                throw CalledMethodException.uncalled(constructor.getConstructor(), ex);
            }
        }
    }
}
