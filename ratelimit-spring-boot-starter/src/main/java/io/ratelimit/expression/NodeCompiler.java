package io.ratelimit.expression;

import io.ratelimit.annotation.RateLimitedCall;
import io.ratelimit.expression.CallEvaluationContext.EvaluationSettings;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.core.NativeDetector;
import org.springframework.expression.spel.SpelCompilerMode;
import org.springframework.expression.spel.SpelNode;
import org.springframework.expression.spel.SpelParserConfiguration;
import org.springframework.expression.spel.ast.SpelNodeImpl;
import org.springframework.expression.spel.ast.VariableReference;
import org.springframework.expression.spel.standard.SpelExpression;

/**
 * Compiles a node of a parsed expression, and everything below it, into a function of calls.
 *
 * <p>A parameter is read from the arguments. Any other node is evaluated. It is compiled to byte code after some
 * evaluations if that is certain to change nothing.
 */
final class NodeCompiler {

    /** A parameter of the method. */
    private record Argument(int index) implements CallExpression {

        @Override
        public @Nullable Object of(RateLimitedCall call) {
            return call.args()[index];
        }
    }

    private final ExpressionOrigin origin;
    private final ExpressionParameters parameters;
    private final EvaluationSettings shared;
    private final CompilationSafety safety;
    private final SpelParserConfiguration interpreting;
    private final SpelParserConfiguration compiling;

    NodeCompiler(
            ExpressionOrigin origin,
            ExpressionParameters parameters,
            EvaluationSettings shared,
            ExpressionTypeChecker types,
            @Nullable ClassLoader classLoader) {
        this.origin = origin;
        this.parameters = parameters;
        this.shared = shared;
        this.safety = new CompilationSafety(types);
        this.interpreting = new SpelParserConfiguration(SpelCompilerMode.OFF, classLoader);
        this.compiling = NativeDetector.inNativeImage()
                ? interpreting
                : new SpelParserConfiguration(SpelCompilerMode.MIXED, classLoader);
    }

    CallExpression compile(SpelNode node) {
        if (node instanceof VariableReference variable) {
            Integer index = parameters.indexes().get(VariableIndexes.name(variable));
            if (index != null) {
                return new Argument(index);
            }
        }
        return evaluated(node);
    }

    /** Compiles a node that is always evaluated. */
    EvaluatedExpression evaluated(SpelNode node) {
        return evaluated(node, safety.isSafe(node), parameters.indexes());
    }

    /** Compiles a node to byte code or not, with variables that may be others than those of the checked expression. */
    EvaluatedExpression evaluated(SpelNode node, boolean safe, Map<String, Integer> variables) {
        return new EvaluatedExpression(
                origin,
                new SpelExpression(origin.value(), (SpelNodeImpl) node, safe ? compiling : interpreting),
                safe,
                VariableIndexes.of(node, variables),
                shared);
    }

    /** Compiles a node that is always interpreted. */
    EvaluatedExpression interpreted(SpelNode node) {
        return evaluated(node, false, parameters.indexes());
    }

    boolean isSafe(SpelNode node) {
        return safety.isSafe(node);
    }
}
