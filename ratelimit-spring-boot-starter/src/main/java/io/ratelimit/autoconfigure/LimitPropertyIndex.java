package io.ratelimit.autoconfigure;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.boot.context.properties.source.ConfigurationPropertySource;
import org.springframework.boot.context.properties.source.ConfigurationPropertyState;
import org.springframework.boot.context.properties.source.IterableConfigurationPropertySource;

/**
 * The properties of limits that the property sources set.
 *
 * <p>Spring Boot asks each source for each property that a limit may have. With a thousand limits this takes most of
 * their binding, although few properties are set. The index is built from the names of each source once. Sources that
 * do not list the names of their properties, and environment variables, which have no unique names, are still asked.
 *
 * @param limits the limits that have properties, such as {@code ratelimit.limits.search}
 * @param texts the limits that have a value of their own, such as {@code ratelimit.limits.search=10/s}
 * @param properties the properties, such as {@code ratelimit.limits.search.rates}, also if only elements are set
 * @param lists those properties that have elements, such as {@code ratelimit.limits.search.rates[0]}
 * @param asked the sources that are asked
 */
record LimitPropertyIndex(
        Set<ConfigurationPropertyName> limits,
        Set<ConfigurationPropertyName> texts,
        Set<ConfigurationPropertyName> properties,
        Set<ConfigurationPropertyName> lists,
        List<ConfigurationPropertySource> asked) {

    private static final ConfigurationPropertyName LIMITS =
            ConfigurationPropertyName.of(RateLimitProperties.PREFIX).append("limits");
    private static final int LIMIT = LIMITS.getNumberOfElements() + 1;

    static LimitPropertyIndex of(Iterable<ConfigurationPropertySource> sources) {
        LimitPropertyIndex index = new LimitPropertyIndex(
                new HashSet<>(), new HashSet<>(), new HashSet<>(), new HashSet<>(), new ArrayList<>());
        for (ConfigurationPropertySource source : sources) {
            if (source instanceof IterableConfigurationPropertySource iterable
                    && !LimitVariables.isEnvironment(iterable)) {
                iterable.stream().filter(LIMITS::isAncestorOf).forEach(index::add);
            } else if (source.containsDescendantOf(LIMITS) != ConfigurationPropertyState.ABSENT) {
                index.asked.add(source);
            }
        }
        return index;
    }

    private void add(ConfigurationPropertyName name) {
        int elements = name.getNumberOfElements();
        if (elements == LIMIT) {
            texts.add(name);
        } else {
            limits.add(name.chop(LIMIT));
            properties.add(name.chop(LIMIT + 1));
        }
        if (elements > LIMIT + 1) {
            lists.add(name.chop(LIMIT + 1));
        }
    }

    /** {@return whether no source sets a property of the limit, so that it has at most a text} */
    boolean hasNoProperties(ConfigurationPropertyName limit) {
        return !limits.contains(limit) && asked.stream().noneMatch(source -> setsBelow(limit, source));
    }

    /**
     * Returns whether a source sets a property of a limit. Each is looked up, because Spring Boot does not find the
     * variables below a limit in brackets, such as {@code RATELIMIT_LIMITS_QUOTE_USER_COST} of {@code [quote_user]}.
     */
    private static boolean setsBelow(ConfigurationPropertyName limit, ConfigurationPropertySource source) {
        return !isAbsentBelow(limit, source)
                || LimitProperties.NAMES.stream()
                        .anyMatch(name -> source.getConfigurationProperty(limit.append(name)) != null);
    }

    /** {@return whether no source sets a value of the limit itself} */
    boolean hasNoText(ConfigurationPropertyName limit) {
        return !texts.contains(limit)
                && asked.stream().allMatch(source -> source.getConfigurationProperty(limit) == null);
    }

    /** {@return whether no source sets an element of the property of a limit, so that it has one value at most} */
    boolean hasNoElements(ConfigurationPropertyName property) {
        return !lists.contains(property) && asked.stream().allMatch(source -> isAbsentBelow(property, source));
    }

    /** {@return whether no source sets the property of a limit, or an element of it} */
    boolean isUnset(ConfigurationPropertyName property) {
        return !properties.contains(property)
                && asked.stream()
                        .allMatch(source ->
                                source.getConfigurationProperty(property) == null && isAbsentBelow(property, source));
    }

    private static boolean isAbsentBelow(ConfigurationPropertyName name, ConfigurationPropertySource source) {
        return source.containsDescendantOf(name) == ConfigurationPropertyState.ABSENT;
    }
}
