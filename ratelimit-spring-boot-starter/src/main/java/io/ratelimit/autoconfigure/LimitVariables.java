package io.ratelimit.autoconfigure;

import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.source.ConfigurationProperty;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName.Form;
import org.springframework.boot.context.properties.source.IterableConfigurationPropertySource;
import org.springframework.boot.env.PropertySourceInfo;
import org.springframework.boot.origin.PropertySourceOrigin;
import org.springframework.core.env.SystemEnvironmentPropertySource;

/**
 * The environment variables that begin with {@code RATELIMIT_LIMITS_}.
 *
 * <p>A variable has no unique property: {@code RATELIMIT_LIMITS_QUOTE_USER} may set {@code quote.user} or
 * {@code quote-user}. Therefore the source is asked for the properties of a limit, which tells the variables that it
 * reads.
 *
 * @param source the environment
 * @param properties the property of each variable if each underscore stands for a dot
 */
record LimitVariables(IterableConfigurationPropertySource source, Map<String, ConfigurationPropertyName> properties) {

    private static final ConfigurationPropertyName LIMITS =
            ConfigurationPropertyName.of(RateLimitProperties.PREFIX).append("limits");

    /** The beginning of a variable of a limit. */
    private static final String PREFIX = "RATELIMIT_LIMITS_";

    static boolean isEnvironment(IterableConfigurationPropertySource source) {
        return source.getUnderlyingSource() instanceof SystemEnvironmentPropertySource;
    }

    static LimitVariables of(IterableConfigurationPropertySource source) {
        Map<String, ConfigurationPropertyName> properties = new TreeMap<>();
        source.stream().filter(LIMITS::isAncestorOf).forEach(name -> {
            String variable = variable(source.getConfigurationProperty(name));
            if (variable != null) {
                properties.put(variable, name);
            }
        });
        return new LimitVariables(source, properties);
    }

    /**
     * Returns all variables, with the property that each might set, also those that Spring Boot cannot read. If the
     * environment has a prefix, variables without it belong to other applications.
     */
    Map<String, ConfigurationProperty> all() {
        Map<String, ConfigurationProperty> all = new TreeMap<>();
        if (source.getUnderlyingSource() instanceof SystemEnvironmentPropertySource environment
                && !hasPrefix(environment)) {
            for (String variable : environment.getPropertyNames()) {
                Object value = environment.getProperty(variable);
                if (value != null && isOfLimit(variable)) {
                    ConfigurationPropertyName name = ConfigurationPropertyName.adapt(variable, '_');
                    all.put(variable, new ConfigurationProperty(name, value, null));
                }
            }
        }
        properties.forEach((variable, name) -> {
            ConfigurationProperty property = source.getConfigurationProperty(name);
            if (property != null) {
                all.put(variable, property);
            }
        });
        return all;
    }

    private static boolean hasPrefix(SystemEnvironmentPropertySource environment) {
        return environment instanceof PropertySourceInfo info && info.getPrefix() != null;
    }

    private static boolean isOfLimit(String variable) {
        return variable.regionMatches(true, 0, PREFIX, 0, PREFIX.length());
    }

    /**
     * Returns the beginning of a variable of a limit, which includes the prefix of the environment.
     *
     * @return {@code SHOP_RATELIMIT_LIMITS_}, for example; empty if the variable is written as a property
     */
    static String beginning(String variable) {
        String upper = variable.toUpperCase(Locale.ROOT);
        int start = upper.indexOf(PREFIX);
        return start < 0 ? "" : upper.substring(0, start + PREFIX.length());
    }

    /**
     * Returns the end of the variable that sets a property of a limit. A dot in the name of the limit becomes an
     * underscore, although no variable sets such a limit.
     */
    static String end(ConfigurationPropertyName limit, String option) {
        String name = limit.getLastElement(Form.ORIGINAL).replace('.', '_');
        String written = limit.isLastElementIndexed() ? name.replace('-', '_') : name.replace("-", "");
        String property =
                option.replace("-", "").replaceAll("\\[(\\d+)]", "_$1").replace('.', '_');
        return (written + (property.isEmpty() ? "" : "_" + property)).toUpperCase(Locale.ROOT);
    }

    /** {@return the variables that set properties of a limit} */
    Set<String> readBy(ConfigurationPropertyName limit) {
        Set<String> read = new TreeSet<>();
        read(limit, read);
        boolean more = true;
        for (int i = 0; more; i++) {
            more = false;
            for (String name : LimitProperties.NAMES) {
                boolean ofElement = name.contains("[0]");
                if (ofElement || i == 0) {
                    more |= read(limit.append(name.replace("[0]", "[" + i + "]")), read) && ofElement;
                }
            }
        }
        return read;
    }

    private boolean read(ConfigurationPropertyName name, Set<String> read) {
        String variable = variable(source.getConfigurationProperty(name));
        if (variable != null) {
            read.add(variable);
        }
        return variable != null;
    }

    private static @Nullable String variable(@Nullable ConfigurationProperty property) {
        return property != null && property.getOrigin() instanceof PropertySourceOrigin origin
                ? origin.getPropertyName()
                : null;
    }
}
