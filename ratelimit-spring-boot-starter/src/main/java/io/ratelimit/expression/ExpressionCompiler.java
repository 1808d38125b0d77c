package io.ratelimit.expression;

import io.ratelimit.annotation.RateLimitedCall;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.config.ConfigurableBeanFactory;
import org.springframework.context.expression.BeanFactoryResolver;
import org.springframework.core.NativeDetector;
import org.springframework.core.convert.ConversionService;
import org.springframework.core.convert.support.DefaultConversionService;
import org.springframework.expression.ParseException;
import org.springframework.expression.TypedValue;
import org.springframework.expression.spel.SpelCompilerMode;
import org.springframework.expression.spel.SpelEvaluationException;
import org.springframework.expression.spel.SpelNode;
import org.springframework.expression.spel.SpelParserConfiguration;
import org.springframework.expression.spel.ast.Elvis;
import org.springframework.expression.spel.ast.StringLiteral;
import org.springframework.expression.spel.ast.Ternary;
import org.springframework.expression.spel.ast.VariableReference;
import org.springframework.expression.spel.standard.SpelExpression;
import org.springframework.expression.spel.standard.SpelExpressionParser;
import org.springframework.expression.spel.support.MapAccessor;
import org.springframework.expression.spel.support.ReflectivePropertyAccessor;
import org.springframework.expression.spel.support.StandardOperatorOverloader;
import org.springframework.expression.spel.support.StandardTypeComparator;
import org.springframework.expression.spel.support.StandardTypeConverter;
import org.springframework.expression.spel.support.StandardTypeLocator;
import org.springframework.util.ReflectionUtils;

/**
 * Compiles the text of an expression once, at start-up, into a function of calls.
 *
 * <p>A single parameter is read from the arguments. Any other expression is evaluated. It is compiled to byte code
 * after some evaluations, but only if its types are known for certain: for changing types, the compiler of the Spring
 * Expression Language does not always agree with the interpreter. A compiled expression never refers to the call
 * itself.
 */
public final class ExpressionCompiler {

    private final ConfigurableBeanFactory beanFactory;
    private final CallEvaluationContext.EvaluationSettings shared;
    private final SpelExpressionParser interpreting;
    private final SpelExpressionParser compiling;

    /**
     * Creates a compiler.
     *
     * @param beanFactory resolves the beans that expressions name
     */
    public ExpressionCompiler(ConfigurableBeanFactory beanFactory) {
        this.beanFactory = beanFactory;
        ClassLoader classLoader = beanFactory.getBeanClassLoader();
        ConversionService conversion = beanFactory.getConversionService();
        this.shared = new CallEvaluationContext.EvaluationSettings(
                List.of(new MapAccessor(false), new ReflectivePropertyAccessor(false)),
                List.of(new CalledMethodResolver.OfConstructors()),
                List.of(new CalledMethodResolver()),
                new BeanFactoryResolver(beanFactory),
                new StandardTypeLocator(classLoader),
                new StandardTypeConverter(
                        conversion != null ? conversion : DefaultConversionService.getSharedInstance()),
                new StandardTypeComparator(),
                new StandardOperatorOverloader());
        this.interpreting = new SpelExpressionParser(new SpelParserConfiguration(SpelCompilerMode.OFF, classLoader));
        this.compiling = NativeDetector.inNativeImage()
                ? interpreting
                : new SpelExpressionParser(new SpelParserConfiguration(SpelCompilerMode.MIXED, classLoader));
    }

    /**
     * Parses and checks an expression.
     *
     * @param origin the place and the text of the expression
     * @param parameters the variables of the expression
     * @param wanted the boxed type that the value must have; Object for any
     * @return the expression, ready for calls
     * @throws RuntimeException the exception of the origin, if the text is no expression or cannot work
     */
    public CallExpression parse(ExpressionOrigin origin, ExpressionParameters parameters, Class<?> wanted) {
        SpelExpression expression = parse(origin, interpreting);
        ExpressionTypeChecker types = new ExpressionTypeChecker(origin, parameters, beanFactory, shared.typeLocator());
        types.check(expression.getAST(), wanted);
        if (expression.getAST() instanceof VariableReference variable) {
            Integer index = parameters.indexes().get(variable.toStringAST().substring(1));
            if (index != null) {
                int position = index;
                return call -> call.args()[position];
            }
        }
        if (new CompilationSafety(types).isSafe(expression.getAST())) {
            SpelExpression compiled = parse(origin, compiling);
            return call -> evaluate(origin, compiled, parameters, call, TypedValue.NULL);
        }
        return call -> evaluate(origin, expression, parameters, call, new TypedValue(CallSnapshot.of(call)));
    }

    /**
     * Parses and checks a condition.
     *
     * @param origin the place and the text of the expression
     * @param parameters the variables of the expression
     * @return the condition, which throws an {@link InvalidCallException} if its value is null
     * @throws RuntimeException the exception of the origin, if the text is no expression or cannot work
     */
    public Predicate<RateLimitedCall> parseCondition(ExpressionOrigin origin, ExpressionParameters parameters) {
        CallExpression value = parse(origin, parameters, Boolean.class);
        return call -> {
            if (value.of(call) instanceof Boolean holds) {
                return holds;
            }
            throw origin.unusable(
                    UnusableValue.untold("no boolean", "a condition is true or false"),
                    "nothing was charged; return true or false");
        };
    }

    /**
     * Returns the literal texts that an expression may have as its value.
     *
     * @param origin the place and the text of the expression
     * @return for example gold and silver for {@code #pays ? 'gold' : 'silver'}
     */
    public Set<String> texts(ExpressionOrigin origin) {
        Set<String> texts = new TreeSet<>();
        collectTexts(parse(origin, interpreting).getAST(), texts);
        return texts;
    }

    private static void collectTexts(SpelNode node, Set<String> texts) {
        if (node instanceof StringLiteral literal) {
            texts.add(String.valueOf(literal.getLiteralValue().getValue()));
        } else if (node instanceof Ternary || node instanceof Elvis) {
            int last = node.getChildCount() - 1;
            collectTexts(node.getChild(last - 1), texts);
            collectTexts(node.getChild(last), texts);
        }
    }

    /**
     * Evaluates an expression. An exception of the application's code is thrown as it is. The exception of the
     * evaluation itself is replaced, because its message may contain values of the call.
     */
    private @Nullable Object evaluate(
            ExpressionOrigin origin,
            SpelExpression expression,
            ExpressionParameters parameters,
            RateLimitedCall call,
            TypedValue root) {
        try {
            return expression.getValue(new CallEvaluationContext(shared, parameters.indexes(), call.args(), root));
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

    private static SpelExpression parse(ExpressionOrigin origin, SpelExpressionParser parser) {
        try {
            return parser.parseRaw(origin.value());
        } catch (ParseException | IllegalStateException ex) {
            throw origin.invalid(
                    "not an expression ("
                            + (ex instanceof ParseException parse ? parse.getSimpleMessage() : ex.getMessage()) + ")",
                    "write for example #userId, or 'text' in single quotes",
                    ex);
        }
    }
}
