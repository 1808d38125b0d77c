package io.ratelimit.autoconfigure;

import io.ratelimit.UnknownLimitException;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.bind.AbstractBindHandler;
import org.springframework.boot.context.properties.bind.BindContext;
import org.springframework.boot.context.properties.bind.BindHandler;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.UnboundConfigurationPropertiesException;
import org.springframework.boot.context.properties.source.ConfigurationProperty;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName.Form;
import org.springframework.boot.context.properties.source.ConfigurationPropertySource;
import org.springframework.boot.context.properties.source.IterableConfigurationPropertySource;
import org.springframework.core.env.SystemEnvironmentPropertySource;

/**
 * Rejects unknown properties under {@code ratelimit}, such as {@code ratelimit.limits.search.refil}.
 *
 * <p>Environment variables are only checked if they are those of limits, because a cluster may set others, such as
 * {@code RATELIMIT_SERVICE_HOST}. Names are compared by their letters and digits, because in an environment variable an
 * underscore may stand for a dot.
 */
final class UnknownPropertyBindHandler extends AbstractBindHandler {

    private static final ConfigurationPropertyName ROOT = ConfigurationPropertyName.of(RateLimitProperties.PREFIX);
    private static final ConfigurationPropertyName LIMITS = ROOT.append("limits");
    private static final Set<String> LIMIT_NAMES = PropertyNames.of(LimitProperties.class);

    private final RateLimitFeatures features;
    private final Set<String> names;

    UnknownPropertyBindHandler(BindHandler parent, RateLimitFeatures features) {
        super(parent);
        this.features = features;
        this.names = PropertyNames.of(RateLimitProperties.class);
        this.names.addAll(features.propertyNames());
    }

    @Override
    public void onFinish(
            ConfigurationPropertyName name, Bindable<?> target, BindContext context, @Nullable Object result)
            throws Exception {
        super.onFinish(name, target, context, result);
        if (name.equals(ROOT) && result instanceof RateLimitProperties properties) {
            features.bind(context.getBinder());
            Set<String> known = known(properties.limits().keySet());
            for (ConfigurationPropertySource source : context.getSources()) {
                if (source instanceof IterableConfigurationPropertySource iterable) {
                    check(iterable, known);
                }
            }
        }
    }

    /**
     * Replaces the exception of Spring Boot for unbound elements of a list, which does not suggest a known property.
     */
    @Override
    public @Nullable Object onFailure(
            ConfigurationPropertyName name, Bindable<?> target, BindContext context, Exception error) throws Exception {
        if (ROOT.isAncestorOf(name) && error instanceof UnboundConfigurationPropertiesException unbound) {
            ConfigurationProperty first =
                    unbound.getUnboundProperties().iterator().next();
            throw unknown(first.getName(), first.getValue());
        }
        return super.onFailure(name, target, context, error);
    }

    private void check(IterableConfigurationPropertySource source, Set<String> known) {
        ConfigurationPropertyName checked =
                source.getUnderlyingSource() instanceof SystemEnvironmentPropertySource ? LIMITS : ROOT;
        source.stream()
                .filter(name -> checked.isAncestorOf(name) && !known.contains(letters(name)))
                .findFirst()
                .ifPresent(name -> {
                    ConfigurationProperty property = source.getConfigurationProperty(name);
                    throw unknown(name, property == null ? "" : property.getValue());
                });
    }

    private Set<String> known(Set<String> limits) {
        Set<String> known = new HashSet<>();
        names.forEach(name -> known.add(letters(ROOT.append(name))));
        for (String limit : limits) {
            ConfigurationPropertyName path = ConfigurationPropertyName.of(LimitProperties.path(limit));
            known.add(letters(path));
            LIMIT_NAMES.forEach(name -> known.add(letters(path.append(name))));
        }
        return known;
    }

    private InvalidRateLimitPropertyException unknown(ConfigurationPropertyName name, Object value) {
        int limit = LIMITS.getNumberOfElements() + 1;
        boolean ofLimit = LIMITS.isAncestorOf(name) && name.getNumberOfElements() > limit;
        int parents = ofLimit ? limit : ROOT.getNumberOfElements();
        Set<String> candidates = ofLimit ? LIMIT_NAMES : names;
        String fix = UnknownLimitException.nearest(name.subName(parents).toString(), candidates)
                .map(nearest -> "did you mean " + name.chop(parents) + "." + nearest + "?")
                .orElse("known below " + name.chop(parents) + " are " + String.join(", ", candidates)
                        + (ofLimit ? ", and a limit name with dots is written \"[a.b]\"" : ""));
        return new InvalidRateLimitPropertyException(name.toString(), value, "no such property", fix);
    }

    private static String letters(ConfigurationPropertyName name) {
        StringBuilder letters = new StringBuilder();
        for (int i = 0; i < name.getNumberOfElements(); i++) {
            if (!name.isNumericIndex(i)) {
                letters.append(name.getElement(i, Form.ORIGINAL).replaceAll("[^\\p{L}\\p{N}]", ""));
            }
        }
        return letters.toString().toLowerCase(Locale.ROOT);
    }
}
