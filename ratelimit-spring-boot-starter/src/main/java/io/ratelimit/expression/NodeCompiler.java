package io.ratelimit.expression;

import io.ratelimit.annotation.RateLimitedCall;
import io.ratelimit.expression.CallEvaluationContext.EvaluationSettings;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.springframework.core.NativeDetector;
import org.springframework.expression.TypedValue;
import org.springframework.expression.spel.ExpressionState;
import org.springframework.expression.spel.SpelCompilerMode;
import org.springframework.expression.spel.SpelEvaluationException;
import org.springframework.expression.spel.SpelNode;
import org.springframework.expression.spel.SpelParserConfiguration;
import org.springframework.expression.spel.ast.SpelNodeImpl;
import org.springframework.expression.spel.ast.VariableReference;
import org.springframework.expression.spel.standard.SpelExpression;
import org.springframework.util.ReflectionUtils;

/**
 * Compiles a node of a parsed expression, and everything below it, into a function of calls.
 *
 * <p>A parameter is read from the arguments. Any other node is evaluated. It is compiled to byte code after some
 * evaluations if that is certain to change nothing.
 */
final class NodeCompiler {

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
            Integer index = parameters.indexes().get(variable.toStringAST().substring(1));
            if (index != null) {
                int position = index;
                return call -> call.args()[position];
            }
        }
        ComputedExpression expression = compile(node, safety.isSafe(node), parameters.indexes());
        return call -> expression.of(call, call.args());
    }

    /** Computes a value for a call, whose variables are given apart from its arguments. */
    @FunctionalInterface
    interface ComputedExpression {

        @Nullable Object of(RateLimitedCall call, @Nullable Object[] values);
    }

    /** Compiles a node to byte code or not, with variables that may be others than those of the checked expression. */
    ComputedExpression compile(SpelNode node, boolean safe, Map<String, Integer> variables) {
        SpelExpression expression =
                new SpelExpression(origin.value(), (SpelNodeImpl) node, safe ? compiling : interpreting);
        Function<CallEvaluationContext, @Nullable Object> evaluation = expression::getValue;
        return (call, values) -> evaluate(call, safe, variables, values, evaluation);
    }

    /** Compiles a node whose value is converted to a boolean. */
    Function<RateLimitedCall, Boolean> compileCondition(SpelNode node) {
        boolean safe = safety.isSafe(node);
        SpelExpression expression =
                new SpelExpression(origin.value(), (SpelNodeImpl) node, safe ? compiling : interpreting);
        Function<CallEvaluationContext, @Nullable Boolean> evaluation =
                context -> expression.getValue(context, Boolean.class);
        return call -> {
            Boolean holds = evaluate(call, safe, parameters.indexes(), call.args(), evaluation);
            if (holds == null) {
                throw origin.failed("type conversion error");
            }
            return holds;
        };
    }

    /** Returns a function of the value of a node with its declared type, which conversions depend on. */
    Function<RateLimitedCall, TypedValue> interpret(SpelNode node) {
        Function<CallEvaluationContext, TypedValue> evaluation =
                context -> node.getTypedValue(new ExpressionState(context, interpreting));
        return call -> evaluate(call, false, parameters.indexes(), call.args(), evaluation);
    }

    boolean isSafe(SpelNode node) {
        return safety.isSafe(node);
    }

    /**
     * Evaluates an expression. An exception of the application's code is thrown as it is. The exception of the
     * evaluation itself is replaced, because its message may contain values of the call. Byte code never refers to the
     * call itself.
     */
    private <T extends @Nullable Object> T evaluate(
            RateLimitedCall call,
            boolean safe,
            Map<String, Integer> variables,
            @Nullable Object[] values,
            Function<CallEvaluationContext, T> evaluation) {
        TypedValue root = safe ? TypedValue.NULL : new TypedValue(CallSnapshot.of(call));
        try {
            return evaluation.apply(new CallEvaluationContext(shared, variables, values, root));
        } catch (RuntimeException | StackOverflowError ex) {
            Throwable thrown = CalledMethodException.thrownByApplication(ex);
            if (thrown instanceof RuntimeException || thrown instanceof Error) {
                ReflectionUtils.rethrowRuntimeException(thrown);
            }
            throw thrown == null ? origin.failed(problem(ex)) : origin.threw(thrown);
        }
    }

    /** Returns the kind of the innermost problem: {@code type conversion error}, {@code number format exception}. */
    private static String problem(Throwable failure) {
        String problem = "";
        Throwable innermost = failure;
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof SpelEvaluationException spel) {
                problem = spel.getMessageCode().name().toLowerCase(Locale.ROOT).replace('_', ' ');
            }
            innermost = cause;
        }
        return problem.isEmpty()
                ? innermost
                        .getClass()
                        .getSimpleName()
                        .replaceAll("(?<=[a-z])(?=[A-Z])", " ")
                        .toLowerCase(Locale.ROOT)
                : problem;
    }
}
