package io.ratelimit.autoconfigure;

import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.bind.AbstractBindHandler;
import org.springframework.boot.context.properties.bind.BindContext;
import org.springframework.boot.context.properties.bind.BindHandler;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.source.ConfigurationProperty;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName.Form;
import org.springframework.boot.context.properties.source.ConfigurationPropertySource;
import org.springframework.boot.context.properties.source.ConfigurationPropertyState;
import org.springframework.core.convert.ConverterNotFoundException;
import org.springframework.util.StringUtils;

/**
 * Allows {@code ratelimit.limits.search: 10/s} as a shorthand for {@code ratelimit.limits.search.rates: 10/s}.
 *
 * <p>A converter from text would hide all longer properties of the same limit, wherever they are set. Instead, a limit
 * that has properties is bound from them, and of shorthand and {@code rates} the one from the property source with the
 * higher precedence wins.
 */
final class LimitShorthandBindHandler extends AbstractBindHandler {

    private static final ConfigurationPropertyName LIMITS =
            ConfigurationPropertyName.of(RateLimitProperties.PREFIX).append("limits");

    private static final String RATES = "rates";

    /** The target of a property that has one value, which is not converted: a map may set a list or a number. */
    private static final Bindable<Object> ONE_VALUE = Bindable.of(Object.class);

    private @Nullable LimitPropertyIndex index;

    LimitShorthandBindHandler(BindHandler parent) {
        super(parent);
    }

    /**
     * Skips properties that are not set, and reads the one value of rates that are not written as a list: to bind a
     * list, Spring Boot looks for its elements in all sources. Likewise reads the text of a limit that has nothing
     * else, because no converter makes a limit of a text.
     */
    @Override
    public <T> @Nullable Bindable<T> onStart(ConfigurationPropertyName name, Bindable<T> target, BindContext context) {
        if (name.equals(LIMITS)) {
            index = LimitPropertyIndex.of(context.getSources());
        }
        Bindable<T> started = super.onStart(name, target, context);
        if (index == null || started == null || !LIMITS.isAncestorOf(name)) {
            return started;
        }
        return switch (name.getNumberOfElements() - LIMITS.getNumberOfElements()) {
            case 1 -> isLimit(started) && index.hasNoProperties(name) ? asOneValue() : started;
            case 2 ->
                index.isUnset(name)
                        ? null
                        : isRates(name, started) && index.hasNoElements(name) ? asOneValue() : started;
            default -> started;
        };
    }

    private static boolean isRates(ConfigurationPropertyName name, Bindable<?> target) {
        return name.getLastElement(Form.UNIFORM).equals(RATES)
                && target.getType().asCollection().resolveGeneric() == RateProperties.class;
    }

    /** Returns whether a target is a limit of ours: other beans may bind the same properties to other types. */
    private static boolean isLimit(Bindable<?> target) {
        return target.getType().resolve() == LimitProperties.class;
    }

    @SuppressWarnings("unchecked")
    private static <T> Bindable<T> asOneValue() {
        return (Bindable<T>) ONE_VALUE;
    }

    @Override
    public @Nullable Object onSuccess(
            ConfigurationPropertyName name, Bindable<?> target, BindContext context, Object result) {
        if (target == ONE_VALUE) {
            List<RateProperties> rates = rates(name, context, result);
            return LIMITS.isParentOf(name) ? withRates(LimitProperties.NOTHING, rates) : rates;
        }
        Object bound = super.onSuccess(name, target, context, result);
        return LIMITS.isParentOf(name)
                        && bound instanceof LimitProperties limit
                        && (index == null || !index.hasNoText(name))
                ? withText(name, context, limit)
                : bound;
    }

    private static LimitProperties withRates(LimitProperties limit, List<RateProperties> rates) {
        return rates.isEmpty() ? limit : limit.withRates(rates);
    }

    /** Converts the value of a property to rates. A text is split at its commas, as Spring Boot splits it. */
    private static List<RateProperties> rates(ConfigurationPropertyName name, BindContext context, Object value) {
        if (value instanceof String text) {
            return Arrays.stream(StringUtils.commaDelimitedListToStringArray(text))
                    .map(rate -> RateProperties.of(rate.trim()))
                    .toList();
        }
        return boundRates(name, context);
    }

    private static List<RateProperties> boundRates(ConfigurationPropertyName name, BindContext context) {
        return context.getBinder()
                .bind(name, Bindable.listOf(RateProperties.class))
                .orElse(List.of());
    }

    @Override
    public @Nullable Object onFailure(
            ConfigurationPropertyName name, Bindable<?> target, BindContext context, Exception error) throws Exception {
        return LIMITS.isParentOf(name) && error instanceof ConverterNotFoundException
                ? withText(name, context, LimitProperties.NOTHING)
                : super.onFailure(name, target, context, error);
    }

    private static LimitProperties withText(
            ConfigurationPropertyName name, BindContext context, LimitProperties limit) {
        ConfigurationPropertyName rates = name.append(RATES);
        for (ConfigurationPropertySource source : context.getSources()) {
            ConfigurationProperty shorthand = source.getConfigurationProperty(name);
            if (source.getConfigurationProperty(rates) != null
                    || source.containsDescendantOf(rates) == ConfigurationPropertyState.PRESENT) {
                requireNoText(shorthand, rates, context);
                return limit;
            }
            if (shorthand != null) {
                return withRates(limit, boundRates(name, context));
            }
        }
        return limit;
    }

    private static void requireNoText(
            @Nullable ConfigurationProperty shorthand, ConfigurationPropertyName rates, BindContext context) {
        if (shorthand != null && !Placeholders.isBlank(shorthand.getValue(), context.getSources())) {
            throw new InvalidRateLimitPropertyException(
                    shorthand.getName().toString(),
                    shorthand.getValue(),
                    "the same source also sets " + rates,
                    "keep one of the two");
        }
    }
}
