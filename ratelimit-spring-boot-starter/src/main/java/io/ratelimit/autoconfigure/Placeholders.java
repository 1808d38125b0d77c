package io.ratelimit.autoconfigure;

import java.util.ArrayList;
import java.util.List;
import org.springframework.boot.context.properties.bind.PropertySourcesPlaceholdersResolver;
import org.springframework.boot.context.properties.source.ConfigurationPropertySource;
import org.springframework.core.env.PropertySource;

/** Resolves placeholders such as <code>${LIMITS:}</code> in values that are checked before Spring Boot binds them. */
final class Placeholders {

    private Placeholders() {}

    /** {@return whether a value is blank after its placeholders are replaced by the values of the sources} */
    static boolean isBlank(Object value, Iterable<ConfigurationPropertySource> sources) {
        List<PropertySource<?>> all = new ArrayList<>();
        for (ConfigurationPropertySource source : sources) {
            if (source.getUnderlyingSource() instanceof PropertySource<?> underlying) {
                all.add(underlying);
            }
        }
        Object resolved = new PropertySourcesPlaceholdersResolver(all).resolvePlaceholders(value);
        return resolved == null || resolved.toString().isBlank();
    }
}
