package io.ratelimit.expression;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.expression.spel.SpelNode;
import org.springframework.expression.spel.ast.*;
import org.springframework.expression.spel.ast.CompoundExpression;
import org.springframework.expression.spel.ast.Elvis;
import org.springframework.expression.spel.ast.Literal;
import org.springframework.expression.spel.ast.MethodReference;
import org.springframework.expression.spel.ast.OpAnd;
import org.springframework.expression.spel.ast.OpEQ;
import org.springframework.expression.spel.ast.OpNE;
import org.springframework.expression.spel.ast.OpOr;
import org.springframework.expression.spel.ast.OpPlus;
import org.springframework.expression.spel.ast.Operator;
import org.springframework.expression.spel.ast.OperatorBetween;
import org.springframework.expression.spel.ast.OperatorInstanceof;
import org.springframework.expression.spel.ast.OperatorMatches;
import org.springframework.expression.spel.ast.OperatorNot;
import org.springframework.expression.spel.ast.PropertyOrFieldReference;
import org.springframework.expression.spel.ast.StringLiteral;
import org.springframework.expression.spel.ast.Ternary;
import org.springframework.expression.spel.ast.TypeReference;
import org.springframework.expression.spel.ast.VariableReference;

/**
 * Determines whether an expression is certain to have the same value compiled as interpreted. This requires that all
 * types in it are known for certain, and that the compiler treats them exactly as the interpreter does.
 */
final class CompilationSafety {

    private final ExpressionTypeChecker types;

    CompilationSafety(ExpressionTypeChecker types) {
        this.types = types;
    }

    /** {@return whether an expression with checked types may be compiled} */
    boolean isSafe(SpelNode node) {
        if (node instanceof CompoundExpression) {
            boolean safe = isSafe(node.getChild(0));
            for (int i = 1; i < node.getChildCount() && safe; i++) {
                safe = isSafeMember(node.getChild(i), types.boxed(node.getChild(i - 1)));
            }
            return safe;
        }
        if (node instanceof VariableReference) {
            String name = node.toStringAST();
            return !name.equals("#root") && !name.equals("#this");
        }
        if (node instanceof Literal || node instanceof TypeReference) {
            return true;
        }
        return isSafeOperator(node) && children(node).stream().allMatch(this::isSafe);
    }

    private static boolean isSafeMember(SpelNode node, @Nullable Class<?> owner) {
        if (node instanceof PropertyOrFieldReference property) {
            return !DeclaredMemberResolver.isDynamic(owner, property.isNullSafe());
        }
        return node instanceof MethodReference method
                && node.getChildCount() == 0
                && (owner == Map.class || !DeclaredMemberResolver.isDynamic(owner, method.isNullSafe()));
    }

    private boolean isSafeOperator(SpelNode node) {
        if (node instanceof OpEQ
                || node instanceof OpNE
                || node instanceof OpAnd
                || node instanceof OpOr
                || node instanceof OperatorNot) {
            return true;
        }
        if (!(node instanceof Operator || node instanceof Ternary || node instanceof Elvis)
                || node instanceof OperatorMatches
                || node instanceof OperatorBetween
                || node instanceof OperatorInstanceof) {
            return false;
        }
        List<@Nullable Class<?>> operands =
                children(node).stream().<@Nullable Class<?>>map(types::boxed).toList();
        if (node instanceof Ternary || node instanceof Elvis) {
            return operands.stream().noneMatch(type -> type == null);
        }
        if (node instanceof OpPlus && operands.stream().allMatch(type -> type == String.class)) {
            // Compiled code concatenates two nulls, while the interpreter fails.
            return children(node).stream().limit(2).anyMatch(CompilationSafety::isText);
        }
        return OperatorTypeResolver.isExact(operands);
    }

    private static boolean isText(SpelNode node) {
        return node instanceof StringLiteral || node instanceof OpPlus;
    }

    private static List<SpelNode> children(SpelNode node) {
        return java.util.stream.IntStream.range(0, node.getChildCount())
                .mapToObj(node::getChild)
                .toList();
    }
}
