package io.ratelimit.expression;

import io.ratelimit.annotation.RateLimitedCall;
import io.ratelimit.expression.ExpressionParameters.Wrapper;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.springframework.aot.hint.ReflectionHints;
import org.springframework.beans.factory.config.ConfigurableBeanFactory;
import org.springframework.context.expression.BeanFactoryResolver;
import org.springframework.core.convert.ConversionService;
import org.springframework.core.convert.support.DefaultConversionService;
import org.springframework.expression.ParseException;
import org.springframework.expression.spel.SpelCompilerMode;
import org.springframework.expression.spel.SpelNode;
import org.springframework.expression.spel.SpelParserConfiguration;
import org.springframework.expression.spel.ast.CompoundExpression;
import org.springframework.expression.spel.ast.Elvis;
import org.springframework.expression.spel.ast.PropertyOrFieldReference;
import org.springframework.expression.spel.ast.StringLiteral;
import org.springframework.expression.spel.ast.Ternary;
import org.springframework.expression.spel.standard.SpelExpressionParser;
import org.springframework.expression.spel.support.MapAccessor;
import org.springframework.expression.spel.support.ReflectivePropertyAccessor;
import org.springframework.expression.spel.support.StandardOperatorOverloader;
import org.springframework.expression.spel.support.StandardTypeComparator;
import org.springframework.expression.spel.support.StandardTypeConverter;
import org.springframework.expression.spel.support.StandardTypeLocator;

/**
 * Compiles the text of an expression once, at start-up, into a function of calls.
 *
 * <p>An expression is compiled to byte code after some evaluations, but only if its types are known for certain: for
 * changing types, the compiler of the Spring Expression Language does not always agree with the interpreter.
 */
public final class ExpressionCompiler {

    private final ConfigurableBeanFactory beanFactory;
    private final MemberHints hints;
    private final CallEvaluationContext.EvaluationSettings shared;
    private final SpelExpressionParser parser;

    /**
     * Creates a compiler.
     *
     * @param beanFactory resolves the beans that expressions name
     * @param hints where the types and members that expressions reach are registered for native images; null if an
     *     application runs
     */
    public ExpressionCompiler(ConfigurableBeanFactory beanFactory, @Nullable ReflectionHints hints) {
        this.beanFactory = beanFactory;
        this.hints = new MemberHints(hints);
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
        this.parser = new SpelExpressionParser(new SpelParserConfiguration(SpelCompilerMode.OFF, classLoader));
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
        SpelNode root = parse(origin, parameters);
        return nodes(origin, parameters, check(origin, parameters, root, wanted))
                .compile(root);
    }

    /**
     * Parses and checks the expression of a key. If a part of a concatenation is null, the value is null.
     *
     * @param origin the place and the text of the expression
     * @param parameters the variables of the expression
     * @return the expression, ready for calls
     * @throws RuntimeException the exception of the origin, if the text is no expression or cannot work
     */
    public CallExpression parseKey(ExpressionOrigin origin, ExpressionParameters parameters) {
        return parseConcatenation(origin, parameters, Object.class);
    }

    /**
     * Parses and checks the expression of the name of a limit. If a part of a concatenation is null, the value is null.
     *
     * @param origin the place and the text of the expression
     * @param parameters the variables of the expression
     * @return the expression, ready for calls
     * @throws RuntimeException the exception of the origin, if the text is no expression or cannot work
     */
    public CallExpression parseLimit(ExpressionOrigin origin, ExpressionParameters parameters) {
        return parseConcatenation(origin, parameters, String.class);
    }

    private CallExpression parseConcatenation(
            ExpressionOrigin origin, ExpressionParameters parameters, Class<?> wanted) {
        SpelNode root = parse(origin, parameters);
        ExpressionTypeChecker types = check(origin, parameters, root, wanted);
        return new KeyConcatenation(origin, parameters, types, nodes(origin, parameters, types), shared.typeConverter())
                .compile(root);
    }

    private ExpressionTypeChecker check(
            ExpressionOrigin origin, ExpressionParameters parameters, SpelNode root, Class<?> wanted) {
        ExpressionTypeChecker types =
                new ExpressionTypeChecker(origin, parameters, beanFactory, shared.typeLocator(), hints);
        types.check(root, wanted);
        return types;
    }

    private NodeCompiler nodes(ExpressionOrigin origin, ExpressionParameters parameters, ExpressionTypeChecker types) {
        return new NodeCompiler(origin, parameters, shared, types, beanFactory.getBeanClassLoader());
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
                    UnusableValue.described("no boolean", "a condition is true or false"), "return true or false");
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
        collectTexts(parse(origin, origin.value()), texts);
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
     * Parses an expression. The property of a value class is dropped where a call has the value inside:
     * {@code #id.v.length()} is parsed as {@code #id.length()}.
     */
    private SpelNode parse(ExpressionOrigin origin, ExpressionParameters parameters) {
        String text = origin.value();
        SpelNode root = parse(origin, text);
        for (SpelNode chain = unboxing(root, parameters); chain != null; chain = unboxing(root, parameters)) {
            int end = chain.getChild(0).getEndPosition();
            text = text.substring(0, end) + text.substring(chain.getChild(1).getEndPosition());
            root = parse(origin, text);
        }
        return root;
    }

    /** Returns a chain that begins with a variable of a value class and its property; null if there is none. */
    private static @Nullable SpelNode unboxing(SpelNode node, ExpressionParameters parameters) {
        if (node instanceof CompoundExpression) {
            Wrapper wrapper = parameters.wrapper(node.getChild(0));
            if (wrapper != null
                    && node.getChild(1) instanceof PropertyOrFieldReference property
                    && property.getName().equals(wrapper.property())) {
                return node;
            }
        }
        for (int i = 0; i < node.getChildCount(); i++) {
            SpelNode found = unboxing(node.getChild(i), parameters);
            if (found != null) {
                return found;
            }
        }
        return null;
    }

    private SpelNode parse(ExpressionOrigin origin, String text) {
        try {
            return parser.parseRaw(text).getAST();
        } catch (ParseException | IllegalStateException ex) {
            throw origin.invalid(
                    "not an expression ("
                            + (ex instanceof ParseException parse ? parse.getSimpleMessage() : ex.getMessage()) + ")",
                    "write for example #userId, or 'text' in single quotes",
                    ex);
        }
    }
}
