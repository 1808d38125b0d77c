package io.ratelimit.expression;

import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.core.ResolvableType;
import org.springframework.expression.spel.SpelNode;
import org.springframework.expression.spel.ast.*;
import org.springframework.expression.spel.ast.Elvis;
import org.springframework.expression.spel.ast.InlineList;
import org.springframework.expression.spel.ast.InlineMap;
import org.springframework.expression.spel.ast.OpAnd;
import org.springframework.expression.spel.ast.OpEQ;
import org.springframework.expression.spel.ast.OpGE;
import org.springframework.expression.spel.ast.OpGT;
import org.springframework.expression.spel.ast.OpLE;
import org.springframework.expression.spel.ast.OpLT;
import org.springframework.expression.spel.ast.OpNE;
import org.springframework.expression.spel.ast.OpOr;
import org.springframework.expression.spel.ast.OpPlus;
import org.springframework.expression.spel.ast.OperatorBetween;
import org.springframework.expression.spel.ast.OperatorInstanceof;
import org.springframework.expression.spel.ast.OperatorMatches;
import org.springframework.expression.spel.ast.OperatorNot;
import org.springframework.expression.spel.ast.Ternary;
import org.springframework.util.ClassUtils;

/** Determines the types of operators, and of literal lists and maps, from the types of their operands. */
final class OperatorTypeResolver {

    private static final ResolvableType BOOLEAN = ResolvableType.forClass(Boolean.class);
    private static final ResolvableType NUMBER = ResolvableType.forClass(Number.class);
    private static final ResolvableType STRING = ResolvableType.forClass(String.class);

    /** The types whose arithmetic and comparison is the same in compiled and in interpreted expressions. */
    private static final Set<Class<?>> EXACT = Set.of(Integer.class, Long.class, Float.class, Double.class);

    private OperatorTypeResolver() {}

    /** Returns the type of the value; unknown if the operands do not determine it. */
    static ResolvableType of(SpelNode node, List<ResolvableType> operands) {
        if (node instanceof InlineList || node instanceof InlineMap) {
            return ResolvableType.forClass(node instanceof InlineList ? List.class : Map.class);
        }
        if (node instanceof OpEQ
                || node instanceof OpNE
                || node instanceof OpAnd
                || node instanceof OpOr
                || node instanceof OperatorNot
                || node instanceof OpLT
                || node instanceof OpLE
                || node instanceof OpGT
                || node instanceof OpGE
                || node instanceof OperatorMatches
                || node instanceof OperatorBetween
                || node instanceof OperatorInstanceof) {
            return BOOLEAN;
        }
        if (node instanceof Ternary || node instanceof Elvis) {
            ResolvableType last = operands.get(operands.size() - 1);
            ResolvableType other = operands.get(operands.size() - 2);
            return boxed(last) == boxed(other) ? last : ResolvableType.NONE;
        }
        if (node instanceof OpPlus && operands.stream().anyMatch(type -> type.resolve() == String.class)) {
            return STRING;
        }
        List<@Nullable Class<?>> classes = operands.stream()
                .<@Nullable Class<?>>map(OperatorTypeResolver::boxed)
                .toList();
        if (!classes.stream().allMatch(type -> type != null && Number.class.isAssignableFrom(type))) {
            return ResolvableType.NONE;
        }
        boolean same = isExact(classes) && Set.copyOf(classes).size() == 1;
        return same ? operands.get(0) : NUMBER;
    }

    /** {@return whether the arithmetic of operands is exact, so that its result has a certain type} */
    static boolean isExact(List<@Nullable Class<?>> operands) {
        return operands.stream().allMatch(type -> type != null && EXACT.contains(type));
    }

    /** Returns the boxed class of a type; null if it is unknown. */
    static @Nullable Class<?> boxed(ResolvableType type) {
        Class<?> raw = type.resolve();
        return raw == null ? null : raw == void.class ? raw : ClassUtils.resolvePrimitiveIfNecessary(raw);
    }
}
