package io.ratelimit.expression;

import io.ratelimit.annotation.RateLimitedCall;
import io.ratelimit.expression.CallEvaluationContext.EvaluationSettings;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.springframework.expression.TypedValue;
import org.springframework.expression.spel.ExpressionState;
import org.springframework.expression.spel.SpelEvaluationException;
import org.springframework.expression.spel.SpelParserConfiguration;
import org.springframework.expression.spel.standard.SpelExpression;
import org.springframework.util.ReflectionUtils;

/**
 * An expression that is evaluated for each call.
 *
 * <p>An exception of the application's code is thrown as it is. The exception of the evaluation itself is replaced,
 * because its message may contain values of the call.
 *
 * @param compiled whether the expression becomes byte code after some evaluations. Byte code never refers to the call
 *     itself, so that no {@code #root} is created for it
 */
record EvaluatedExpression(
        ExpressionOrigin origin,
        SpelExpression expression,
        boolean compiled,
        VariableIndexes variables,
        EvaluationSettings settings)
        implements CallExpression {

    private static final SpelParserConfiguration INTERPRETING = new SpelParserConfiguration();

    @Override
    public @Nullable Object of(RateLimitedCall call) {
        return of(call, call.args());
    }

    /** Returns the value for a call whose variables are given apart from its arguments. */
    @Nullable Object of(RateLimitedCall call, @Nullable Object[] values) {
        CallEvaluationContext context = context(call, values);
        try {
            return expression.getValue(context);
        } catch (RuntimeException | StackOverflowError ex) {
            throw failure(ex);
        }
    }

    /** Returns the value of a call, converted to a boolean. */
    boolean holds(RateLimitedCall call) {
        CallEvaluationContext context = context(call, call.args());
        Boolean holds;
        try {
            holds = expression.getValue(context, Boolean.class);
        } catch (RuntimeException | StackOverflowError ex) {
            throw failure(ex);
        }
        if (holds == null) {
            throw origin.failed("type conversion error");
        }
        return holds;
    }

    /** Returns the interpreted value of a call with its declared type, which conversions depend on. */
    TypedValue typed(RateLimitedCall call) {
        CallEvaluationContext context = context(call, call.args());
        try {
            return expression.getAST().getTypedValue(new ExpressionState(context, INTERPRETING));
        } catch (RuntimeException | StackOverflowError ex) {
            throw failure(ex);
        }
    }

    private CallEvaluationContext context(RateLimitedCall call, @Nullable Object[] values) {
        TypedValue root = compiled ? TypedValue.NULL : new TypedValue(CallSnapshot.of(call));
        return new CallEvaluationContext(settings, variables, values, root);
    }

    private RuntimeException failure(Throwable failure) {
        Throwable thrown = CalledMethodException.thrownByApplication(failure);
        if (thrown instanceof RuntimeException || thrown instanceof Error) {
            ReflectionUtils.rethrowRuntimeException(thrown);
        }
        return thrown == null ? origin.failed(problem(failure)) : origin.threw(thrown);
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
