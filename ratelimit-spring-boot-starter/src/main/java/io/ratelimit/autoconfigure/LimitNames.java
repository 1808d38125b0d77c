package io.ratelimit.autoconfigure;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.springframework.boot.context.properties.source.ConfigurationProperty;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName.Form;
import org.springframework.boot.context.properties.source.ConfigurationPropertySource;
import org.springframework.boot.context.properties.source.IterableConfigurationPropertySource;
import org.springframework.boot.env.ConfigTreePropertySource;
import org.springframework.boot.env.OriginTrackedMapPropertySource;
import org.springframework.core.env.EnumerablePropertySource;
import org.springframework.core.io.support.ResourcePropertySource;

/**
 * The names of the limits in all property sources.
 *
 * <p>Spring Boot binds a limit for each way in which its name is written. This class determines which of them is its
 * name, and that the others only override its properties.
 */
final class LimitNames {

    /** A way to write the name of a limit, in one source. */
    private record Spelling(LimitKey key, IterableConfigurationPropertySource source) {

        String name() {
            return key.name();
        }

        boolean isInFile() {
            Object underlying = source.getUnderlyingSource();
            return underlying instanceof OriginTrackedMapPropertySource
                    || underlying instanceof ResourcePropertySource
                    || underlying instanceof ConfigTreePropertySource;
        }

        InvalidRateLimitPropertyException invalid(String rule, String fix) {
            Object value = source.getUnderlyingSource() instanceof EnumerablePropertySource<?> properties
                    ? properties.getProperty(key.key())
                    : null;
            return new InvalidRateLimitPropertyException(key.path(), value == null ? "" : value, rule, fix);
        }

        /** Creates the exception for a spelling that cannot override another one. */
        InvalidRateLimitPropertyException conflict(Spelling other) {
            return other.name().equals(name())
                    ? invalid(
                            "the limit \"" + name() + "\" is also written as " + other.key.path(),
                            "write " + other.key.path() + " in both places")
                    : invalid(
                            "its name differs from " + other.key.path()
                                    + " only in case, dashes, underscores or brackets",
                            "write " + other.key.path() + " in both places, or choose another name");
        }
    }

    private final Map<String, List<Spelling>> spellings = new LinkedHashMap<>();
    private final Map<String, ConfigurationPropertyName> properties = new TreeMap<>();
    private final Set<String> overrides = new HashSet<>();
    private final List<LimitVariables> environments = new ArrayList<>();

    private LimitNames() {}

    /**
     * Reads the names.
     *
     * @param sources the property sources, those with precedence first
     * @throws InvalidRateLimitPropertyException if a limit cannot have a name, or if two names differ only in case,
     *     dashes or underscores and not because one overrides the other
     */
    static LimitNames of(Iterable<ConfigurationPropertySource> sources) {
        LimitNames names = new LimitNames();
        for (ConfigurationPropertySource source : sources) {
            if (source instanceof IterableConfigurationPropertySource iterable) {
                names.read(iterable);
            }
        }
        names.spellings.values().forEach(names::choose);
        names.environments.forEach(names::defineByVariables);
        return names;
    }

    /** {@return whether a name is only another way to write that of a limit, whose properties it overrides} */
    boolean isOverride(String name) {
        return overrides.contains(name) && !properties.containsKey(name);
    }

    /** {@return the environment variables that set no property of a limit, with the property that each might set} */
    Map<String, ConfigurationProperty> unreadVariables(Set<String> limits) {
        Map<String, ConfigurationProperty> unread = new TreeMap<>();
        for (LimitVariables environment : environments) {
            Map<String, ConfigurationProperty> all = environment.all();
            if (all.isEmpty()) {
                continue;
            }
            Set<String> read = new TreeSet<>();
            limits.forEach(limit -> read.addAll(environment.readBy(property(limit))));
            all.forEach((variable, property) -> {
                if (!read.contains(variable)) {
                    unread.put(variable, property);
                }
            });
        }
        return unread;
    }

    /** {@return whether the environment has a variable of a limit} */
    boolean hasVariable(String variable) {
        return environments.stream().anyMatch(environment -> environment.all().containsKey(variable));
    }

    /** {@return the property that sets a limit, as Spring Boot compares it} */
    ConfigurationPropertyName property(String limit) {
        ConfigurationPropertyName property = properties.get(limit);
        return property != null ? property : ConfigurationPropertyName.of(LimitProperties.path(limit));
    }

    private void read(IterableConfigurationPropertySource source) {
        if (LimitVariables.isEnvironment(source)) {
            environments.add(LimitVariables.of(source));
        }
        Stream<String> keys = source.getUnderlyingSource() instanceof EnumerablePropertySource<?> enumerable
                ? Arrays.stream(enumerable.getPropertyNames())
                : source.stream().map(ConfigurationPropertyName::toString);
        keys.forEach(text -> {
            LimitKey key = LimitKey.of(text);
            if (key != null) {
                add(new Spelling(key, source));
            }
        });
    }

    private void add(Spelling spelling) {
        if (!spelling.key().isAllowed()) {
            String nearest = LimitKey.nearestAllowed(spelling.name());
            throw spelling.invalid(
                    "its name is not 1 to 64 letters a to z, digits, dots, dashes and underscores, beginning with a"
                            + " letter or digit",
                    "write " + LimitProperties.path(nearest.isEmpty() ? "search" : nearest)
                            + (nearest.isEmpty() ? ", for example" : ""));
        }
        List<Spelling> same = spellings.computeIfAbsent(spelling.key().canonical(), name -> new ArrayList<>());
        boolean known = same.stream()
                .anyMatch(other -> other.source() == spelling.source()
                        && other.key().path().equals(spelling.key().path()));
        if (!known) {
            same.add(spelling);
        }
    }

    /** Chooses the name of a limit: that of a file, or else the one with the lowest precedence. */
    private void choose(List<Spelling> same) {
        Spelling chosen = same.get(same.size() - 1);
        for (Spelling spelling : same) {
            chosen = spelling.isInFile() ? spelling : chosen;
        }
        for (Spelling spelling : same) {
            if (same.size() > 1) {
                requireOverride(spelling, chosen, same);
            }
            overrides.add(spelling.name());
        }
        properties.put(chosen.name(), chosen.key().property());
    }

    private static void requireOverride(Spelling spelling, Spelling chosen, List<Spelling> same) {
        if (!spelling.key().property().equals(chosen.key().property())) {
            throw spelling.conflict(chosen);
        }
        for (Spelling other : same) {
            boolean sameSource = other.source() == spelling.source();
            boolean bothInFiles = other.isInFile() && spelling.isInFile();
            if (sameSource && other != spelling || bothInFiles && !other.name().equals(spelling.name())) {
                throw spelling.conflict(other);
            }
        }
    }

    /** Defines the limits that only environment variables name. */
    private void defineByVariables(LimitVariables environment) {
        if (environment.properties().isEmpty()) {
            return;
        }
        Set<String> read = new TreeSet<>();
        properties.values().forEach(limit -> read.addAll(environment.readBy(limit)));
        environment.properties().forEach((variable, property) -> {
            String name = property.getElement(2, Form.ORIGINAL);
            overrides.add(name);
            if (!read.contains(variable) && !spellings.containsKey(LimitKey.canonical(name))) {
                properties.put(name, property.chop(3));
            }
        });
    }
}
