package io.ratelimit.aop;

import io.ratelimit.annotation.CostResolver;
import io.ratelimit.annotation.KeyResolver;
import io.ratelimit.annotation.LimitResolver;
import io.ratelimit.annotation.RateLimited;
import io.ratelimit.expression.CostExpression;
import io.ratelimit.expression.ExpressionCompiler;
import io.ratelimit.expression.ExpressionParameters;
import io.ratelimit.expression.KeyExpression;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.aot.hint.ReflectionHints;
import org.springframework.beans.factory.config.ConfigurableBeanFactory;
import org.springframework.util.StringUtils;

/**
 * Creates specifications from declarations: resolves placeholders, compiles expressions, and finds fallbacks and beans.
 */
final class RateLimitSpecFactory {

    private static final String DEFAULT_LIMIT = "default";

    private final ConfigurableBeanFactory beanFactory;
    private final ExpressionCompiler expressions;

    /** @param hints where what expressions reach is registered for native images; null if an application runs */
    RateLimitSpecFactory(ConfigurableBeanFactory beanFactory, @Nullable ReflectionHints hints) {
        this.beanFactory = beanFactory;
        this.expressions = new ExpressionCompiler(beanFactory, hints);
    }

    /** @throws InvalidRateLimitedException if a declaration is invalid, as far as its method alone determines */
    RateLimitSpec read(RateLimitedDeclaration declaration, AnnotationAttribute any) {
        ExpressionParameters parameters = ExpressionParameters.of(
                        any.method(), declaration.on(), SuspendFunction.parameterCount(any.method()), any.targetClass())
                .unwrapping(KotlinSignature.of(any.method()).wrappers(any.method()));
        List<ResolverBeanReference<?>> beans = new ArrayList<>();
        AnnotationAttribute condition = origin(any, "condition", declaration.condition());
        AnnotationAttribute maxWait = origin(any, "maxWait", declaration.maxWait());
        AnnotationAttribute fallback = origin(any, "fallback", declaration.fallback());
        return new RateLimitSpec(
                limit(declaration, any, parameters, beans),
                isMissing(condition) ? null : expressions.parseCondition(condition, parameters),
                key(declaration, any, parameters, beans),
                cost(declaration, any, parameters, beans),
                isMissing(maxWait) ? null : MaxWaitAttribute.of(maxWait),
                settleSpec(declaration, any, parameters),
                isMissing(fallback) ? null : FallbackMethod.find(fallback),
                List.copyOf(beans));
    }

    private LimitSelector limit(
            RateLimitedDeclaration declaration,
            AnnotationAttribute any,
            ExpressionParameters parameters,
            List<ResolverBeanReference<?>> beans) {
        AnnotationAttribute name = origin(any, "limit", declaration.limit());
        AnnotationAttribute expression = origin(any, "limitExpression", declaration.limitExpression());
        AnnotationAttribute bean = resolver(any, "limitResolver", declaration.limitResolver(), LimitResolver.class);
        AnnotationAttribute other = declaration.limit().equals(DEFAULT_LIMIT) ? any.at("limit", "") : name;
        requireOne(other, expression, bean);
        if (!isMissing(bean)) {
            ResolverBeanReference<LimitResolver> resolver =
                    new ResolverBeanReference<>(bean, declaration.limitResolver(), beanFactory);
            beans.add(resolver);
            return new LimitSelector.Computed(
                    bean, Set.of(), call -> resolver.get().limit(call), true);
        }
        return isMissing(expression)
                ? LimitSelector.Named.of(name)
                : new LimitSelector.Computed(
                        expression,
                        expressions.texts(expression),
                        expressions.parseLimit(expression, parameters),
                        false);
    }

    private KeyExpression key(
            RateLimitedDeclaration declaration,
            AnnotationAttribute any,
            ExpressionParameters parameters,
            List<ResolverBeanReference<?>> beans) {
        AnnotationAttribute expression = origin(any, "key", declaration.key());
        AnnotationAttribute bean = resolver(any, "keyResolver", declaration.keyResolver(), KeyResolver.class);
        requireOne(expression, bean);
        if (!isMissing(bean)) {
            ResolverBeanReference<KeyResolver> resolver =
                    new ResolverBeanReference<>(bean, declaration.keyResolver(), beanFactory);
            beans.add(resolver);
            return KeyExpression.of(bean, call -> resolver.get().key(call));
        }
        return isMissing(expression)
                ? KeyExpression.SHARED
                : KeyExpression.of(expression, expressions.parseKey(expression, parameters));
    }

    private CostExpression cost(
            RateLimitedDeclaration declaration,
            AnnotationAttribute any,
            ExpressionParameters parameters,
            List<ResolverBeanReference<?>> beans) {
        boolean isWritten = declaration.cost() != RateLimited.COST_OF_LIMIT;
        AnnotationAttribute number = any.at("cost", isWritten ? CostExpression.text(declaration.cost()) : "");
        CostExpression constant = CostExpression.constant(number, declaration.cost());
        AnnotationAttribute expression = origin(any, "costExpression", declaration.costExpression());
        AnnotationAttribute bean = resolver(any, "costResolver", declaration.costResolver(), CostResolver.class);
        requireOne(number, expression, bean);
        if (!isMissing(bean)) {
            ResolverBeanReference<CostResolver> resolver =
                    new ResolverBeanReference<>(bean, declaration.costResolver(), beanFactory);
            beans.add(resolver);
            return CostExpression.computed(bean, call -> resolver.get().cost(call));
        }
        return isMissing(expression)
                ? constant
                : CostExpression.computed(expression, expressions.parse(expression, parameters, Number.class));
    }

    private SettleSpec settleSpec(
            RateLimitedDeclaration declaration, AnnotationAttribute any, ExpressionParameters parameters) {
        AnnotationAttribute settle = origin(any, "settle", declaration.settle());
        if (isMissing(settle) && declaration.refundOn().isEmpty()) {
            return SettleSpec.AS_CHARGED;
        }
        if (isMissing(settle)) {
            return new SettleSpec(null, null, declaration.refundOn());
        }
        ValueClass resultClass = KotlinSignature.of(any.method()).returned();
        ExpressionParameters withResult =
                parameters.withResult(SettledResultType.of(settle), resultClass == null ? null : resultClass.wrapper());
        return new SettleSpec(
                CostExpression.computed(settle, expressions.parse(settle, withResult, Number.class)),
                resultClass,
                declaration.refundOn());
    }

    /** Checks that at most one of several attributes with the same purpose is set. */
    private static void requireOne(AnnotationAttribute... ways) {
        AnnotationAttribute first = null;
        for (AnnotationAttribute way : ways) {
            if (isMissing(way)) {
                continue;
            }
            if (first != null) {
                throw way.invalid(
                        "there is a " + first.attribute() + " of " + first.value() + " too", "keep one of the two");
            }
            first = way;
        }
    }

    private static boolean isMissing(AnnotationAttribute origin) {
        return !StringUtils.hasText(origin.value());
    }

    private static AnnotationAttribute resolver(
            AnnotationAttribute any, String attribute, Class<?> type, Class<?> none) {
        return any.at(attribute, type == none ? "" : type.getName());
    }

    private AnnotationAttribute origin(AnnotationAttribute any, String attribute, String text) {
        if (!text.contains("${")) {
            return any.at(attribute, text);
        }
        String resolved;
        try {
            resolved = beanFactory.resolveEmbeddedValue(text);
        } catch (IllegalArgumentException ex) {
            throw unresolved(any.at(attribute, text), ex);
        }
        if (resolved != null && resolved.contains("${")) {
            throw unresolved(any.at(attribute, text), null);
        }
        return any.at(attribute, resolved == null ? "" : resolved);
    }

    private static InvalidRateLimitedException unresolved(AnnotationAttribute origin, @Nullable Throwable cause) {
        return origin.invalid("has a placeholder without a value", "define the property", cause);
    }
}
