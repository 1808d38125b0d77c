package io.ratelimit.autoconfigure;

import io.ratelimit.UnknownLimitException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
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

/**
 * Rejects unknown properties under {@code ratelimit}, such as {@code ratelimit.limits.search.refil}.
 *
 * <p>Names are compared element by element, without case and dashes. Environment variables are only checked if they are
 * those of limits, because a cluster may set others, such as {@code RATELIMIT_SERVICE_HOST}.
 */
final class UnknownPropertyBindHandler extends AbstractBindHandler {

    private static final ConfigurationPropertyName ROOT = ConfigurationPropertyName.of(RateLimitProperties.PREFIX);
    private static final ConfigurationPropertyName LIMITS = ROOT.append("limits");
    private static final int LIMIT = LIMITS.getNumberOfElements();
    private static final String VARIABLE = "RATELIMIT_LIMITS_";

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
            Set<String> limits = properties.limits().keySet();
            Set<List<String>> known = known(limits);
            for (ConfigurationPropertySource source : context.getSources()) {
                if (source instanceof IterableConfigurationPropertySource iterable
                        && !LimitVariables.isEnvironment(iterable)) {
                    check(iterable, known);
                }
            }
            LimitNames.of(context.getSources()).unreadVariables(limits).forEach((variable, property) -> {
                throw unknownVariable(variable, property, limits);
            });
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

    private void check(IterableConfigurationPropertySource source, Set<List<String>> known) {
        source.stream()
                .filter(name -> ROOT.isAncestorOf(name) && !known.contains(elements(name)))
                .findFirst()
                .ifPresent(name -> {
                    ConfigurationProperty property = source.getConfigurationProperty(name);
                    throw unknown(name, property == null ? "" : property.getValue());
                });
    }

    private Set<List<String>> known(Set<String> limits) {
        Set<List<String>> known = new HashSet<>();
        names.forEach(name -> known.add(elements(ROOT.append(name))));
        for (String limit : limits) {
            for (String path : List.of("ratelimit.limits." + limit, "ratelimit.limits[" + limit + "]")) {
                ConfigurationPropertyName property = ConfigurationPropertyName.adapt(path, '.');
                known.add(elements(property));
                LimitProperties.NAMES.forEach(name -> known.add(elements(property.append(name))));
            }
        }
        return known;
    }

    private InvalidRateLimitPropertyException unknown(ConfigurationPropertyName name, Object value) {
        boolean ofLimit = LIMITS.isAncestorOf(name) && name.getNumberOfElements() > LIMIT + 1;
        int parents = ofLimit ? LIMIT + 1 : ROOT.getNumberOfElements();
        Set<String> candidates = ofLimit ? LimitProperties.NAMES : names;
        String fix = UnknownLimitException.nearest(name.subName(parents).toString(), candidates)
                .map(nearest -> "did you mean " + name.chop(parents) + "." + nearest + "?")
                .orElse("known below " + name.chop(parents) + " are " + String.join(", ", candidates)
                        + (ofLimit ? ", and a limit name with dots is written \"[a.b]\"" : ""));
        return new InvalidRateLimitPropertyException(name.toString(), value, "no such property", fix);
    }

    private static InvalidRateLimitPropertyException unknownVariable(
            String variable, ConfigurationProperty property, Set<String> limits) {
        Set<String> candidates = new TreeSet<>();
        for (String limit : limits) {
            String name = variable(limit);
            candidates.add(name);
            LimitProperties.NAMES.forEach(option -> candidates.add(name + "_" + variable(option)));
        }
        String suffix = variable.startsWith(VARIABLE) ? variable.substring(VARIABLE.length()) : variable;
        String fix = UnknownLimitException.nearest(suffix, candidates)
                .map(nearest -> "did you mean " + VARIABLE + nearest + "?")
                .orElse("a variable defines a limit whose name is letters and digits, and overrides any other:"
                        + " define the limit in a file");
        return new InvalidRateLimitPropertyException(
                property.getName().toString(), property.getValue(), "no limit has this property", fix);
    }

    /** Returns the end of the environment variable for the name of a limit or of one of its properties. */
    private static String variable(String name) {
        return name.replace("-", "")
                .replaceAll("\\[(\\d+)]", "_$1")
                .replace('.', '_')
                .toUpperCase(Locale.ROOT);
    }

    /** Returns the elements of a name as Spring Boot compares them, all indexes of a list as the same. */
    private static List<String> elements(ConfigurationPropertyName name) {
        List<String> elements = new ArrayList<>();
        for (int i = 0; i < name.getNumberOfElements(); i++) {
            elements.add(i != LIMIT && name.isNumericIndex(i) ? "[]" : name.getElement(i, Form.UNIFORM));
        }
        return elements;
    }
}
