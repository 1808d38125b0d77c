package io.ratelimit.expression;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.expression.BeanResolver;
import org.springframework.expression.ConstructorResolver;
import org.springframework.expression.EvaluationContext;
import org.springframework.expression.MethodResolver;
import org.springframework.expression.OperatorOverloader;
import org.springframework.expression.PropertyAccessor;
import org.springframework.expression.TypeComparator;
import org.springframework.expression.TypeConverter;
import org.springframework.expression.TypeLocator;
import org.springframework.expression.TypedValue;

/** The evaluation context of one call. It has only a few fields, so that creating one is cheap. */
final class CallEvaluationContext implements EvaluationContext {

    /** The settings that all calls share. */
    record EvaluationSettings(
            List<PropertyAccessor> propertyAccessors,
            List<ConstructorResolver> constructorResolvers,
            List<MethodResolver> methodResolvers,
            BeanResolver beanResolver,
            TypeLocator typeLocator,
            TypeConverter typeConverter,
            TypeComparator typeComparator,
            OperatorOverloader operatorOverloader) {}

    private final EvaluationSettings shared;
    private final VariableIndexes variables;
    private final @Nullable Object[] args;
    private final TypedValue root;

    CallEvaluationContext(
            EvaluationSettings shared, VariableIndexes variables, @Nullable Object[] args, TypedValue root) {
        this.shared = shared;
        this.variables = variables;
        this.args = args;
        this.root = root;
    }

    @Override
    public TypedValue getRootObject() {
        return root;
    }

    @Override
    public @Nullable Object lookupVariable(String name) {
        int index = variables.of(name);
        return index < 0 ? null : args[index];
    }

    @Override
    public void setVariable(String name, @Nullable Object value) {
        throw new UnsupportedOperationException("An expression cannot assign #" + name);
    }

    @Override
    public boolean isAssignmentEnabled() {
        return false;
    }

    @Override
    public List<PropertyAccessor> getPropertyAccessors() {
        return shared.propertyAccessors;
    }

    @Override
    public List<ConstructorResolver> getConstructorResolvers() {
        return shared.constructorResolvers;
    }

    @Override
    public List<MethodResolver> getMethodResolvers() {
        return shared.methodResolvers;
    }

    @Override
    public BeanResolver getBeanResolver() {
        return shared.beanResolver;
    }

    @Override
    public TypeLocator getTypeLocator() {
        return shared.typeLocator;
    }

    @Override
    public TypeConverter getTypeConverter() {
        return shared.typeConverter;
    }

    @Override
    public TypeComparator getTypeComparator() {
        return shared.typeComparator;
    }

    @Override
    public OperatorOverloader getOperatorOverloader() {
        return shared.operatorOverloader;
    }
}
