package io.ratelimit.autoconfigure;

import io.ratelimit.UnknownLimitException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.bind.AbstractBindHandler;
import org.springframework.boot.context.properties.bind.BindContext;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.UnboundConfigurationPropertiesException;
import org.springframework.boot.context.properties.source.ConfigurationProperty;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.boot.context.properties.source.ConfigurationPropertySource;
import org.springframework.boot.context.properties.source.IterableConfigurationPropertySource;
import org.springframework.core.convert.ConverterNotFoundException;

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

    private final LimitNameBindHandler limitNames;
    private final RateLimitFeatures features;
    private final KnownProperties known;

    UnknownPropertyBindHandler(LimitNameBindHandler parent, RateLimitFeatures features, KnownProperties known) {
        super(parent);
        this.limitNames = parent;
        this.features = features;
        this.known = known;
    }

    @Override
    public void onFinish(
            ConfigurationPropertyName name, Bindable<?> target, BindContext context, @Nullable Object result)
            throws Exception {
        super.onFinish(name, target, context, result);
        if (name.equals(ROOT) && result instanceof RateLimitProperties properties) {
            features.bind(context.getBinder());
            Set<String> limits = properties.limits().keySet();
            Set<String> comparable = KnownProperties.comparable(limits);
            for (ConfigurationPropertySource source : context.getSources()) {
                if (source instanceof IterableConfigurationPropertySource iterable
                        && !LimitVariables.isEnvironment(iterable)) {
                    check(iterable, comparable, limits, context);
                }
            }
            LimitNames own = limitNames.names();
            own.unreadVariables(limits).forEach((variable, property) -> {
                throw unknownVariable(variable, property, limits, own);
            });
        }
    }

    /** Replaces exceptions of Spring Boot that do not suggest a known property. */
    @Override
    public @Nullable Object onFailure(
            ConfigurationPropertyName name, Bindable<?> target, BindContext context, Exception error) throws Exception {
        if (ROOT.isAncestorOf(name) && error instanceof UnboundConfigurationPropertiesException unbound) {
            ConfigurationProperty first =
                    unbound.getUnboundProperties().iterator().next();
            throw unknown(first.getName(), first.getValue(), Set.of());
        }
        if (known.groups().contains(name) && error instanceof ConverterNotFoundException) {
            for (ConfigurationPropertySource source : context.getSources()) {
                if (isValueOfGroup(name, source, context)) {
                    throw unknown(name, value(name, source), Set.of());
                }
            }
        }
        return super.onFailure(name, target, context, error);
    }

    private void check(
            IterableConfigurationPropertySource source,
            Set<String> comparable,
            Set<String> limits,
            BindContext context) {
        source.stream()
                .filter(name -> name.equals(ROOT) || ROOT.isAncestorOf(name))
                .filter(name -> !known.contains(name, comparable) || isValueOfGroup(name, source, context))
                .findFirst()
                .ifPresent(name -> {
                    throw unknown(name, value(name, source), limits);
                });
    }

    /** Returns whether a property has a value, although it only has properties below it. An empty one is no value. */
    private boolean isValueOfGroup(
            ConfigurationPropertyName name, ConfigurationPropertySource source, BindContext context) {
        return known.groups().contains(name) && !Placeholders.isBlank(value(name, source), context.getSources());
    }

    private static Object value(ConfigurationPropertyName name, ConfigurationPropertySource source) {
        ConfigurationProperty property = source.getConfigurationProperty(name);
        return property == null ? "" : property.getValue();
    }

    private InvalidRateLimitPropertyException unknown(
            ConfigurationPropertyName name, Object value, Set<String> limits) {
        if (known.groups().contains(name)) {
            return new InvalidRateLimitPropertyException(
                    name.toString(),
                    value,
                    "it has properties, and no value of its own",
                    name.equals(LIMITS)
                            ? "write the name of a limit, such as ratelimit.limits.search=10/s"
                            : "known below " + name + " are " + String.join(", ", below(name)));
        }
        boolean ofLimit = LIMITS.isAncestorOf(name) && name.getNumberOfElements() > LIMIT + 1;
        int parents = ofLimit ? LIMIT + 1 : ROOT.getNumberOfElements();
        Set<String> candidates = ofLimit ? LimitProperties.NAMES : known.names();
        ConfigurationPropertyName parent = name.chop(parents);
        Optional<String> nearest =
                UnknownLimitException.nearest(name.subName(parents).toString(), candidates);
        if (ofLimit
                && nearest.filter(option -> parent.append(option).equals(name)).isPresent()) {
            return new InvalidRateLimitPropertyException(
                    name.toString(),
                    value,
                    "empty, and the limit has no other property",
                    "give the limit a rate, such as " + parent + "=10/s, or drop the property");
        }
        String fix = withDots(name, limits)
                .or(() -> nearest.map(option -> parent + "." + option))
                .map(meant -> "did you mean " + meant + "?")
                .orElse("known below " + parent + " are " + String.join(", ", candidates)
                        + (ofLimit ? ", and a limit name with dots is written " + inBrackets(name) : ""));
        return new InvalidRateLimitPropertyException(name.toString(), value, "no such property", fix);
    }

    private List<String> below(ConfigurationPropertyName group) {
        return known.names().stream()
                .filter(name ->
                        !name.endsWith("]") && ROOT.append(name).getParent().equals(group))
                .map(name -> name.substring(name.lastIndexOf('.') + 1))
                .toList();
    }

    /** Returns the property of a limit whose name has dots, if the given one writes that name without brackets. */
    private static Optional<String> withDots(ConfigurationPropertyName name, Set<String> limits) {
        for (int end = name.getNumberOfElements(); end > LIMIT + 1; end--) {
            String written = String.join(".", KnownProperties.elements(name).subList(LIMIT, end));
            String option =
                    end == name.getNumberOfElements() ? "" : name.subName(end).toString();
            for (String limit : limits) {
                if (limit.contains(".") && LimitKey.canonical(limit).equals(written)) {
                    return Optional.of(LimitProperties.path(limit)
                            + (option.isEmpty() ? "" : ".")
                            + UnknownLimitException.nearest(option, LimitProperties.NAMES)
                                    .orElse(option));
                }
            }
        }
        return Optional.empty();
    }

    private static String inBrackets(ConfigurationPropertyName name) {
        String limit = name.subName(LIMIT).toString();
        return "\"[" + (limit.contains("[") ? "a.b" : limit) + "]\"";
    }

    private InvalidRateLimitPropertyException unknownVariable(
            String variable, ConfigurationProperty property, Set<String> limits, LimitNames own) {
        String beginning = LimitVariables.beginning(variable);
        if (beginning.isEmpty()) {
            return unknown(property.getName(), property.getValue(), limits);
        }
        Map<String, String> fixes = new TreeMap<>();
        for (String limit : limits) {
            addFix(limit, "", beginning, own, fixes);
            LimitProperties.NAMES.forEach(option -> addFix(limit, option, beginning, own, fixes));
        }
        String suffix =
                variable.substring(beginning.length()).toUpperCase(Locale.ROOT).replaceAll("[^A-Z0-9]+", "_");
        String fix = UnknownLimitException.nearest(suffix, fixes.keySet())
                .map(fixes::get)
                .orElse("a variable can only define a limit whose name is letters and digits. Define this limit"
                        + " in a file");
        return new InvalidRateLimitPropertyException(
                variable, property.getValue(), "no limit reads this environment variable", fix);
    }

    /** Adds the fix for a property of a limit under the end of the variable that would set it. */
    private static void addFix(
            String limit, String option, String beginning, LimitNames own, Map<String, String> fixes) {
        ConfigurationPropertyName property = own.property(limit);
        String end = LimitVariables.end(property, option);
        fixes.put(
                end,
                limit.contains(".")
                        ? "an environment variable cannot set a limit with a dot in its name: set "
                                + LimitProperties.path(limit)
                                + (option.isEmpty() ? "" : "." + option)
                                + " in a file, in SPRING_APPLICATION_JSON or on the command line"
                        : own.hasVariable(beginning + end)
                                ? "drop it, because " + beginning + end + " is set too"
                                : "did you mean " + beginning + end + "?");
    }
}
