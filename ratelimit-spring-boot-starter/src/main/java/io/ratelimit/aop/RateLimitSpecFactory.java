package io.ratelimit.aop;

import io.ratelimit.annotation.CostResolver;
import io.ratelimit.annotation.KeyResolver;
import io.ratelimit.annotation.LimitResolver;
import io.ratelimit.annotation.RateLimited;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.config.ConfigurableBeanFactory;
import org.springframework.util.StringUtils;

/** Makes declarations ready for calls: resolves placeholders, parses expressions, finds what they name. */
final class RateLimitSpecFactory {

    private static final String DEFAULT_LIMIT = "default";

    private final ConfigurableBeanFactory beanFactory;
    private final Expressions expressions;

    RateLimitSpecFactory(ConfigurableBeanFactory beanFactory) {
        this.beanFactory = beanFactory;
        this.expressions = new Expressions(beanFactory);
    }

    /** @throws InvalidRateLimitedException if a declaration cannot work, as far as its method alone tells */
    Rule read(Declaration declaration, Site any) {
        Parameters parameters = Parameters.of(any.method(), declaration.on(), any.targetClass());
        List<ResolverBean<?>> beans = new ArrayList<>();
        Site condition = site(any, "condition", declaration.condition());
        Site maxWait = site(any, "maxWait", declaration.maxWait());
        Site fallback = site(any, "fallback", declaration.fallback());
        return new Rule(
                limit(declaration, any, parameters, beans),
                isMissing(condition)
                        ? Condition.ALWAYS
                        : Condition.of(condition, expressions.parse(condition, parameters, Boolean.class)),
                key(declaration, any, parameters, beans),
                cost(declaration, any, parameters, beans),
                isMissing(maxWait) ? null : MaxWait.of(maxWait),
                settlement(declaration, any, parameters),
                isMissing(fallback) ? null : Fallback.find(fallback),
                List.copyOf(beans));
    }

    private LimitChoice limit(Declaration declaration, Site any, Parameters parameters, List<ResolverBean<?>> beans) {
        Site name = site(any, "limit", declaration.limit());
        Site expression = site(any, "limitExpression", declaration.limitExpression());
        Site bean = resolver(any, "limitResolver", declaration.limitResolver(), LimitResolver.class);
        Site other = declaration.limit().equals(DEFAULT_LIMIT) ? any.at("limit", "") : name;
        requireOne(other, expression, bean);
        if (!isMissing(bean)) {
            ResolverBean<LimitResolver> resolver = new ResolverBean<>(bean, declaration.limitResolver(), beanFactory);
            beans.add(resolver);
            return new LimitChoice(bean, Set.of(), call -> resolver.get().limit(call));
        }
        return isMissing(expression)
                ? LimitChoice.of(name)
                : new LimitChoice(
                        expression,
                        expressions.texts(expression),
                        expressions.parse(expression, parameters, String.class));
    }

    private Key key(Declaration declaration, Site any, Parameters parameters, List<ResolverBean<?>> beans) {
        Site expression = site(any, "key", declaration.key());
        Site bean = resolver(any, "keyResolver", declaration.keyResolver(), KeyResolver.class);
        requireOne(expression, bean);
        if (!isMissing(bean)) {
            ResolverBean<KeyResolver> resolver = new ResolverBean<>(bean, declaration.keyResolver(), beanFactory);
            beans.add(resolver);
            return Key.of(bean, call -> resolver.get().key(call));
        }
        return isMissing(expression)
                ? Key.SHARED
                : Key.of(expression, expressions.parse(expression, parameters, Object.class));
    }

    private Cost cost(Declaration declaration, Site any, Parameters parameters, List<ResolverBean<?>> beans) {
        boolean isWritten = declaration.cost() != RateLimited.COST_OF_LIMIT;
        Site number = any.at("cost", isWritten ? Cost.text(declaration.cost()) : "");
        Cost constant = Cost.constant(number, declaration.cost());
        Site expression = site(any, "costExpression", declaration.costExpression());
        Site bean = resolver(any, "costResolver", declaration.costResolver(), CostResolver.class);
        requireOne(number, expression, bean);
        if (!isMissing(bean)) {
            ResolverBean<CostResolver> resolver = new ResolverBean<>(bean, declaration.costResolver(), beanFactory);
            beans.add(resolver);
            return Cost.computed(bean, call -> resolver.get().cost(call));
        }
        return isMissing(expression)
                ? constant
                : Cost.computed(expression, expressions.parse(expression, parameters, Number.class));
    }

    private Settlement settlement(Declaration declaration, Site any, Parameters parameters) {
        Site settle = site(any, "settle", declaration.settle());
        if (isMissing(settle) && declaration.refundOn().isEmpty()) {
            return Settlement.AS_CHARGED;
        }
        Cost used = isMissing(settle)
                ? null
                : Cost.computed(
                        settle, expressions.parse(settle, parameters.withResult(ResultType.of(settle)), Number.class));
        return new Settlement(used, declaration.refundOn());
    }

    /** Of attributes that say the same thing in different ways, one may be there. */
    private static void requireOne(Site... ways) {
        Site first = null;
        for (Site way : ways) {
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

    private static boolean isMissing(Site site) {
        return !StringUtils.hasText(site.value());
    }

    private static Site resolver(Site any, String attribute, Class<?> type, Class<?> none) {
        return any.at(attribute, type == none ? "" : type.getName());
    }

    private Site site(Site any, String attribute, String text) {
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

    private static InvalidRateLimitedException unresolved(Site site, @Nullable Throwable cause) {
        return site.invalid("has a placeholder without a value", "define the property", cause);
    }
}
