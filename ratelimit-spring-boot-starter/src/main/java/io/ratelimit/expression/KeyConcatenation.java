package io.ratelimit.expression;

import io.ratelimit.annotation.RateLimitedCall;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.core.convert.TypeDescriptor;
import org.springframework.expression.TypeConverter;
import org.springframework.expression.TypedValue;
import org.springframework.expression.spel.SpelNode;
import org.springframework.expression.spel.ast.CompoundExpression;
import org.springframework.expression.spel.ast.Elvis;
import org.springframework.expression.spel.ast.OpPlus;
import org.springframework.expression.spel.ast.SpelNodeImpl;
import org.springframework.expression.spel.ast.StringLiteral;
import org.springframework.expression.spel.ast.Ternary;
import org.springframework.expression.spel.ast.VariableReference;

/**
 * Compiles the concatenations of a key or of the name of a limit, which have no value if one of their parts has none.
 *
 * <p>The Spring Expression Language writes a null part as {@code null}: the key {@code #tenant + ':' + #user} of all
 * calls without a tenant and a user would be the same, and would not be noticed as empty, and the limit {@code 'plan-'
 * + #plan} of a call without a plan would be one that nobody defined. Therefore a concatenation is split into its parts
 * at start-up, each part is compiled, and the texts of the parts are joined here. Parts are converted to text as the
 * Spring Expression Language does.
 *
 * <p>Concatenations are found in the value of the expression, in the branches of {@code ?:}, and where a method of the
 * text is called. Arguments of methods belong to the methods.
 */
final class KeyConcatenation {

    /** Computes the text of a part for each call; null if the part has no value. */
    @FunctionalInterface
    private interface Part {

        @Nullable String text(RateLimitedCall call);
    }

    private static final TypeDescriptor TEXT = TypeDescriptor.valueOf(String.class);

    /** The variables for values that are already computed. No parameter has such a name. */
    private static final List<String> COMPUTED = List.of("+0", "+1");

    private final ExpressionOrigin origin;
    private final ExpressionTypeChecker types;
    private final NodeCompiler nodes;
    private final TypeConverter converter;
    private final Map<String, Integer> variables;

    KeyConcatenation(
            ExpressionOrigin origin,
            ExpressionParameters parameters,
            ExpressionTypeChecker types,
            NodeCompiler nodes,
            TypeConverter converter) {
        this.origin = origin;
        this.types = types;
        this.nodes = nodes;
        this.converter = converter;
        this.variables = new HashMap<>(parameters.indexes());
        COMPUTED.forEach(name -> variables.put(name, parameters.types().size() + COMPUTED.indexOf(name)));
    }

    /** {@return the value of a node, null if it is a concatenation with a null part} */
    CallExpression compile(SpelNode node) {
        if (isConcatenation(node)) {
            return types.boxed(node) == String.class ? joined(node) : added(node);
        }
        if (!containsConcatenation(node)) {
            return nodes.compile(node);
        }
        if (node instanceof Ternary) {
            EvaluatedExpression condition = nodes.evaluated(node.getChild(0));
            CallExpression then = compile(node.getChild(1));
            CallExpression otherwise = compile(node.getChild(2));
            return call -> (condition.holds(call) ? then : otherwise).of(call);
        }
        return node instanceof Elvis ? elvis(node) : called(node);
    }

    private boolean isConcatenation(SpelNode node) {
        if (!(node instanceof OpPlus) || node.getChildCount() != 2) {
            return false;
        }
        Class<?> type = types.boxed(node);
        return type == null || type == String.class;
    }

    private boolean containsConcatenation(SpelNode node) {
        if (node instanceof Ternary) {
            return containsConcatenation(node.getChild(1)) || containsConcatenation(node.getChild(2));
        }
        if (node instanceof Elvis) {
            return containsConcatenation(node.getChild(0)) || containsConcatenation(node.getChild(1));
        }
        return isConcatenation(node) || node instanceof CompoundExpression && containsConcatenation(node.getChild(0));
    }

    private CallExpression joined(SpelNode node) {
        List<Part> all = new ArrayList<>();
        collectParts(node, all);
        Part[] parts = all.toArray(Part[]::new);
        return call -> {
            StringBuilder text = new StringBuilder();
            for (Part part : parts) {
                String next = part.text(call);
                if (next == null) {
                    return null;
                }
                text.append(next);
            }
            return text.toString();
        };
    }

    private void collectParts(SpelNode node, List<Part> parts) {
        if (isConcatenation(node) && types.boxed(node) == String.class) {
            collectParts(node.getChild(0), parts);
            collectParts(node.getChild(1), parts);
        } else if (node instanceof StringLiteral literal) {
            String text = String.valueOf(literal.getLiteralValue().getValue());
            parts.add(call -> text);
        } else if (node instanceof VariableReference
                || types.boxed(node) == String.class
                || containsConcatenation(node)) {
            CallExpression value = compile(node);
            parts.add(call -> {
                Object part = value.of(call);
                return part instanceof String same ? same : text(new TypedValue(part));
            });
        } else {
            EvaluatedExpression value = nodes.interpreted(node);
            parts.add(call -> text(value.typed(call)));
        }
    }

    /** Converts a part to text; null if it is null or an empty {@code Optional}. */
    private @Nullable String text(TypedValue typed) {
        Object value = typed.getValue();
        TypeDescriptor type = typed.getTypeDescriptor();
        if (KeyFormatter.isAbsent(value) || type == null) {
            return null;
        }
        return converter.canConvert(type, TEXT)
                ? String.valueOf(converter.convertValue(value, type, TEXT))
                : KeyFormatter.of(origin, value);
    }

    /** Compiles a sum whose types are not declared, so that each call determines whether it adds or concatenates. */
    private CallExpression added(SpelNode node) {
        CallExpression left = compile(node.getChild(0));
        CallExpression right = compile(node.getChild(1));
        EvaluatedExpression sum = nodes.evaluated(
                new OpPlus(node.getStartPosition(), node.getEndPosition(), computed(0), computed(1)), false, variables);
        return call -> {
            Object first = left.of(call);
            Object second = KeyFormatter.isAbsent(first) ? null : right.of(call);
            return KeyFormatter.isAbsent(second) ? null : sum.of(call, values(call, first, second));
        };
    }

    private CallExpression elvis(SpelNode node) {
        CallExpression value = compile(node.getChild(0));
        CallExpression otherwise = compile(node.getChild(1));
        return call -> {
            Object found = value.of(call);
            if (found instanceof Optional<?> optional) {
                return optional.isPresent() ? optional.get() : otherwise.of(call);
            }
            return found == null || found instanceof String text && text.isEmpty() ? otherwise.of(call) : found;
        };
    }

    /** Compiles the calls of methods, and the properties, of a text that is concatenated. */
    private CallExpression called(SpelNode node) {
        CallExpression owner = compile(node.getChild(0));
        SpelNodeImpl[] chain = new SpelNodeImpl[node.getChildCount()];
        chain[0] = computed(0);
        for (int i = 1; i < chain.length; i++) {
            chain[i] = (SpelNodeImpl) node.getChild(i);
        }
        EvaluatedExpression members = nodes.evaluated(
                new CompoundExpression(node.getStartPosition(), node.getEndPosition(), chain),
                nodes.isSafe(node),
                variables);
        return call -> {
            Object value = owner.of(call);
            return value == null ? null : members.of(call, values(call, value));
        };
    }

    private static VariableReference computed(int index) {
        return new VariableReference(COMPUTED.get(index), 0, 0);
    }

    /** Returns the values of all variables: the arguments, which {@code #root.args} has alone, and computed values. */
    private static @Nullable Object[] values(RateLimitedCall call, @Nullable Object... computed) {
        @Nullable Object[] args = call.args();
        @Nullable Object[] all = Arrays.copyOf(args, args.length + computed.length);
        System.arraycopy(computed, 0, all, args.length, computed.length);
        return all;
    }
}
