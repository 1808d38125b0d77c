package io.ratelimit.expression;

import io.ratelimit.UnknownLimitException;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.NoSuchBeanDefinitionException;
import org.springframework.beans.factory.config.ConfigurableBeanFactory;
import org.springframework.core.ResolvableType;
import org.springframework.expression.EvaluationException;
import org.springframework.expression.TypeLocator;
import org.springframework.expression.spel.SpelNode;
import org.springframework.expression.spel.ast.Assign;
import org.springframework.expression.spel.ast.BeanReference;
import org.springframework.expression.spel.ast.CompoundExpression;
import org.springframework.expression.spel.ast.ConstructorReference;
import org.springframework.expression.spel.ast.FunctionReference;
import org.springframework.expression.spel.ast.Indexer;
import org.springframework.expression.spel.ast.InlineMap;
import org.springframework.expression.spel.ast.Literal;
import org.springframework.expression.spel.ast.MethodReference;
import org.springframework.expression.spel.ast.OpDec;
import org.springframework.expression.spel.ast.OpInc;
import org.springframework.expression.spel.ast.Projection;
import org.springframework.expression.spel.ast.PropertyOrFieldReference;
import org.springframework.expression.spel.ast.Selection;
import org.springframework.expression.spel.ast.StringLiteral;
import org.springframework.expression.spel.ast.TypeReference;
import org.springframework.expression.spel.ast.VariableReference;
import org.springframework.util.ClassUtils;
import org.springframework.util.StringUtils;

/**
 * Checks the types in an expression before its first use. Every variable, property, method, bean and type must exist,
 * as far as the declared types show.
 *
 * <p>Everything else, such as a property of an {@code Object} or a {@code Map}, is only checked by the evaluation.
 */
final class ExpressionTypeChecker {

    private static final ResolvableType UNKNOWN = ResolvableType.NONE;

    private static final DeclaredMemberResolver MEMBERS = new DeclaredMemberResolver();

    private final ExpressionOrigin origin;
    private final ExpressionParameters parameters;
    private final ConfigurableBeanFactory beanFactory;
    private final TypeLocator typeLocator;
    private final MemberHints hints;
    private final Map<SpelNode, ResolvableType> found = new IdentityHashMap<>();
    /** Declared types whose run-time subclass may add members. A missing member is left to the evaluation. */
    private final Set<ResolvableType> open = Collections.newSetFromMap(new IdentityHashMap<>());
    /** The type of the elements, within a selection or projection. */
    private @Nullable ResolvableType element;

    ExpressionTypeChecker(
            ExpressionOrigin origin,
            ExpressionParameters parameters,
            ConfigurableBeanFactory beanFactory,
            TypeLocator typeLocator,
            MemberHints hints) {
        this.origin = origin;
        this.parameters = parameters;
        this.beanFactory = beanFactory;
        this.typeLocator = typeLocator;
        this.hints = hints;
    }

    /**
     * Checks an expression.
     *
     * @param wanted the boxed type that the value must have; Object for a key, whose class must override toString
     * @throws RuntimeException the exception of the origin, if something does not exist or the value has another type
     */
    void check(SpelNode root, Class<?> wanted) {
        ResolvableType type = type(root);
        ExpressionValueType.check(origin, root, open.contains(type) ? UNKNOWN : type, wanted);
    }

    /** {@return the boxed class of the value of a node; null if it is unknown} */
    @Nullable Class<?> boxed(SpelNode node) {
        return OperatorTypeResolver.boxed(found.getOrDefault(node, UNKNOWN));
    }

    private ResolvableType type(SpelNode node) {
        ResolvableType type;
        if (node instanceof CompoundExpression) {
            type = found(node.getChild(0), start(node.getChild(0)));
            ValueClassMembers.check(origin, parameters, node, type);
            for (int i = 1; i < node.getChildCount(); i++) {
                type = found(node.getChild(i), member(node.getChild(i), type));
            }
        } else {
            type = start(node);
        }
        return found(node, type);
    }

    private ResolvableType found(SpelNode node, ResolvableType type) {
        found.put(node, type);
        return type;
    }

    /** Determines the type of a node at the beginning of a chain. */
    private ResolvableType start(SpelNode node) {
        if (node instanceof VariableReference) {
            return variable(node.toStringAST().substring(1));
        }
        if (node instanceof PropertyOrFieldReference
                || node instanceof MethodReference
                || node instanceof Indexer
                || node instanceof Selection
                || node instanceof Projection) {
            return member(node, element != null ? element : ResolvableType.forClass(CallSnapshot.class));
        }
        if (node instanceof Literal literal) {
            return literal(literal);
        }
        if (node instanceof BeanReference bean) {
            return bean(bean.getName());
        }
        if (node instanceof FunctionReference
                || node instanceof Assign
                || node instanceof OpInc
                || node instanceof OpDec) {
            throw origin.invalid(
                    node.toStringAST() + " is not allowed: there are no functions, and nothing can be assigned",
                    "call a method of a bean, such as @name.method()");
        }
        if (node instanceof TypeReference) {
            return ResolvableType.forClassWithGenerics(Class.class, located(node));
        }
        if (node instanceof ConstructorReference) {
            return constructed(node);
        }
        return OperatorTypeResolver.of(node, node instanceof InlineMap ? entries(node) : children(node, 0));
    }

    private ResolvableType constructed(SpelNode node) {
        children(node, 1);
        if (node.toStringAST().contains("[")) {
            return UNKNOWN;
        }
        Class<?> type = located(node);
        DeclaredMemberResolver.constructors(type, node.getChildCount() - 1)
                .forEach(constructor -> hints.reached(type, constructor));
        return ResolvableType.forClass(type);
    }

    /** Checks the keys and values of a map in braces, in which a name before a colon stands for itself. */
    private List<ResolvableType> entries(SpelNode node) {
        List<ResolvableType> types = new ArrayList<>();
        for (int i = 0; i < node.getChildCount(); i++) {
            boolean name = i % 2 == 0 && node.getChild(i) instanceof PropertyOrFieldReference;
            types.add(name ? UNKNOWN : type(node.getChild(i)));
        }
        return types;
    }

    private ResolvableType variable(String name) {
        if (name.equals("root") || name.equals("this")) {
            return element != null && name.equals("this") ? element : ResolvableType.forClass(CallSnapshot.class);
        }
        Integer index = parameters.indexes().get(name);
        if (index != null) {
            return DeclaredMemberResolver.certain(parameters.types().get(index));
        }
        if (parameters.names().isEmpty() && !parameters.types().isEmpty()) {
            throw origin.invalid(
                    "unknown variable #" + name + ": its class file has no parameter names",
                    "compile it with -parameters, or write #p0 for the first parameter");
        }
        String known = parameters.names().isEmpty()
                ? "the method has no parameters"
                : "its parameters are #" + String.join(", #", parameters.names());
        throw origin.invalid(
                "unknown variable #" + name,
                UnknownLimitException.nearest(name, parameters.names())
                        .map(near -> "did you mean #" + near + "? " + StringUtils.capitalize(known))
                        .orElse(known));
    }

    private ResolvableType member(SpelNode node, ResolvableType owner) {
        if (node instanceof PropertyOrFieldReference property) {
            return property(property, owner);
        }
        if (node instanceof MethodReference method) {
            return method(method, owner);
        }
        if (node instanceof Selection || node instanceof Projection) {
            return elements(node, owner);
        }
        children(node, 0);
        Class<?> type = owner.resolve();
        if (!(node instanceof Indexer) || type == null) {
            return UNKNOWN;
        }
        DeclaredMemberResolver.Property property = node.getChild(0) instanceof StringLiteral name
                ? MEMBERS.property(
                        owner, type, String.valueOf(name.getLiteralValue().getValue()))
                : null;
        ResolvableType value = DeclaredMemberResolver.indexed(owner, type);
        return property == null || value != UNKNOWN ? like(owner, value) : opened(reached(type, property));
    }

    /** Checks what a selection or projection does with each element. */
    private ResolvableType elements(SpelNode node, ResolvableType owner) {
        ResolvableType outer = element;
        element = opened(copy(DeclaredMemberResolver.element(owner)));
        children(node, 0);
        ResolvableType selected = element;
        element = outer;
        if (node instanceof Projection || owner.resolve(Object.class) == Optional.class) {
            return UNKNOWN;
        }
        return node.toStringAST().startsWith("?[") ? opened(copy(owner)) : selected;
    }

    /** Treats a type as one whose values may have more members than it declares. */
    private ResolvableType opened(ResolvableType type) {
        if (type != UNKNOWN) {
            open.add(type);
        }
        return type;
    }

    /** Returns the type of a member, which may have more members than it declares if its owner may. */
    private ResolvableType like(ResolvableType owner, ResolvableType member) {
        return open.contains(owner) ? opened(copy(member)) : member;
    }

    /** Returns an equal type, so that other mentions of the same variable are checked as before. */
    private static ResolvableType copy(ResolvableType type) {
        Class<?> known = type.resolve();
        if (known == null) {
            return UNKNOWN;
        }
        if (known.isArray()) {
            return ResolvableType.forArrayComponent(type.getComponentType());
        }
        return type.hasGenerics()
                ? ResolvableType.forClassWithGenerics(known, type.getGenerics())
                : ResolvableType.forClass(known);
    }

    private ResolvableType reached(Class<?> owner, DeclaredMemberResolver.Property property) {
        hints.reached(owner, property.member());
        return property.type();
    }

    private ResolvableType property(PropertyOrFieldReference node, ResolvableType owner) {
        Class<?> type = owner.resolve();
        if (type == Optional.class && node.isNullSafe()) {
            return property(node, opened(copy(DeclaredMemberResolver.certain(owner.getGeneric(0)))));
        }
        if (type == null || DeclaredMemberResolver.isDynamic(type, node.isNullSafe())) {
            return UNKNOWN;
        }
        if (type.isArray()) {
            if (node.getName().equals("length")) {
                return ResolvableType.forClass(Integer.class);
            }
        } else {
            DeclaredMemberResolver.Property found = MEMBERS.property(owner, type, node.getName());
            if (found != null) {
                ResolvableType value = reached(type, found);
                boolean isTarget = type == CallSnapshot.class && node.getName().equals("target");
                return isTarget ? opened(ResolvableType.forClass(parameters.target())) : like(owner, value);
            }
        }
        if (open.contains(owner)) {
            return UNKNOWN;
        }
        String hint = type != CallSnapshot.class
                ? "check its spelling; a property is a public getter or field"
                : parameters.indexes().containsKey(node.getName())
                        ? "did you mean #" + node.getName() + "?"
                        : "write a parameter as #name, a text in single quotes";
        throw origin.invalid(
                (type == CallSnapshot.class ? "the call" : type.getName()) + " has no property " + node.getName(),
                hint);
    }

    private ResolvableType method(MethodReference node, ResolvableType owner) {
        children(node, 0);
        Class<?> type = owner.resolve();
        if (type == Optional.class && node.isNullSafe()) {
            method(node, opened(copy(DeclaredMemberResolver.certain(owner.getGeneric(0)))));
        }
        if (type == null) {
            return UNKNOWN;
        }
        List<Method> named = MEMBERS.methods(owner, type, node.getName());
        int count = node.getChildCount();
        List<Method> fitting = named.stream()
                .filter(method -> DeclaredMemberResolver.takes(method, count))
                .toList();
        fitting.forEach(method -> hints.reached(type, method));
        if (DeclaredMemberResolver.isDynamic(type, node.isNullSafe()) && type != Map.class
                || fitting.isEmpty() && open.contains(owner)) {
            return UNKNOWN;
        }
        if (fitting.isEmpty()) {
            throw origin.invalid(
                    type.getName() + " has no public method " + node.getName() + " with " + count + " arguments",
                    named.isEmpty() ? "check its spelling" : "it has one with another number of arguments");
        }
        return like(owner, DeclaredMemberResolver.returned(fitting, owner));
    }

    private ResolvableType bean(String name) {
        if (!beanFactory.containsBean(name)) {
            throw origin.invalid(
                    "there is no bean named " + name,
                    "check its spelling, or define it",
                    new NoSuchBeanDefinitionException(name));
        }
        Class<?> type = beanFactory.getType(name, false);
        return type == null ? UNKNOWN : ResolvableType.forClass(ClassUtils.getUserClass(type));
    }

    private Class<?> located(SpelNode node) {
        String name = node.getChild(0).toStringAST();
        try {
            Class<?> type = typeLocator.findType(name);
            hints.reached(type);
            return type;
        } catch (EvaluationException ex) {
            throw origin.invalid("there is no type " + name, "write its full name, such as T(java.time.LocalDate)", ex);
        }
    }

    private List<ResolvableType> children(SpelNode node, int from) {
        return IntStream.range(from, node.getChildCount())
                .mapToObj(i -> type(node.getChild(i)))
                .toList();
    }

    private static ResolvableType literal(Literal literal) {
        Object value = literal.getLiteralValue().getValue();
        return value == null ? UNKNOWN : ResolvableType.forClass(value.getClass());
    }
}
