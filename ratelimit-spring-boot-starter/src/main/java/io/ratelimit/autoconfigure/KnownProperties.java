package io.ratelimit.autoconfigure;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName.Form;

/**
 * All properties under {@code ratelimit}, as Spring Boot compares their names.
 *
 * @param names the names below {@code ratelimit} that are not of a single limit, such as {@code redis.timeout}
 * @param groups the names that only have properties below them
 * @param elements the elements of the names
 * @param ofLimit the elements of the names below a limit; the empty list stands for the limit itself
 */
record KnownProperties(
        Set<String> names,
        Set<ConfigurationPropertyName> groups,
        Set<List<String>> elements,
        Set<List<String>> ofLimit) {

    private static final ConfigurationPropertyName ROOT = ConfigurationPropertyName.of(RateLimitProperties.PREFIX);
    private static final ConfigurationPropertyName LIMITS = ROOT.append("limits");
    private static final int LIMIT = LIMITS.getNumberOfElements();

    static KnownProperties of(RateLimitFeatures features) {
        Set<String> names = new TreeSet<>(PropertyNames.of(RateLimitProperties.class));
        names.addAll(features.propertyNames());
        Set<ConfigurationPropertyName> groups = new HashSet<>(Set.of(ROOT, LIMITS));
        names.stream()
                .filter(name -> !name.endsWith("]") && names.stream().anyMatch(other -> other.startsWith(name + ".")))
                .forEach(group -> groups.add(ROOT.append(group)));
        Set<List<String>> elements = new HashSet<>(Set.of(elements(ROOT)));
        names.forEach(name -> elements.add(elements(ROOT.append(name))));
        ConfigurationPropertyName limit = LIMITS.append("any");
        Set<List<String>> ofLimit = new HashSet<>(Set.of(List.of()));
        LimitProperties.NAMES.forEach(name -> ofLimit.add(below(elements(limit.append(name)))));
        return new KnownProperties(names, groups, elements, ofLimit);
    }

    /**
     * Returns whether a property is known.
     *
     * @param limits the limits as Spring Boot compares them, from {@link #comparable}
     */
    boolean contains(ConfigurationPropertyName name, Set<String> limits) {
        List<String> parts = elements(name);
        return elements.contains(parts)
                || LIMITS.isAncestorOf(name) && limits.contains(parts.get(LIMIT)) && ofLimit.contains(below(parts));
    }

    /** {@return the names of limits without case, dashes and underscores, if they have no dots; else in brackets} */
    static Set<String> comparable(Set<String> limits) {
        Set<String> comparable = new HashSet<>();
        for (String limit : limits) {
            comparable.add(element(LIMITS + "[" + limit + "]"));
            if (!limit.contains(".")) {
                comparable.add(element(LIMITS + "." + limit));
            }
        }
        return comparable;
    }

    private static String element(String path) {
        return elements(ConfigurationPropertyName.adapt(path, '.')).get(LIMIT);
    }

    private static List<String> below(List<String> ofLimit) {
        return ofLimit.subList(LIMIT + 1, ofLimit.size());
    }

    /** Returns the elements of a name as Spring Boot compares them, all indexes of a list as the same. */
    static List<String> elements(ConfigurationPropertyName name) {
        List<String> elements = new ArrayList<>();
        for (int i = 0; i < name.getNumberOfElements(); i++) {
            elements.add(i != LIMIT && name.isNumericIndex(i) ? "[]" : name.getElement(i, Form.UNIFORM));
        }
        return elements;
    }
}
