package io.ratelimit.autoconfigure;

import java.util.Optional;
import org.springframework.boot.context.properties.source.ConfigurationProperty;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.boot.context.properties.source.ConfigurationPropertySource;
import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.core.annotation.Order;
import org.springframework.core.env.Environment;
import org.springframework.util.StringUtils;

/** Explains an invalid property under {@code ratelimit}: where it is set, the rule that it breaks, and the fix. */
@Order(0)
final class InvalidLimitFailureAnalyzer extends AbstractFailureAnalyzer<InvalidRateLimitPropertyException> {

    private final Environment environment;

    InvalidLimitFailureAnalyzer(Environment environment) {
        this.environment = environment;
    }

    @Override
    protected FailureAnalysis analyze(Throwable rootFailure, InvalidRateLimitPropertyException cause) {
        String action = StringUtils.capitalize(cause.fix());
        return new FailureAnalysis(
                "Invalid property " + location(cause.property()) + ", set to \"" + cause.value() + "\":\n\n    "
                        + StringUtils.capitalize(cause.rule()) + ".",
                action + (action.endsWith("?") ? "" : "."),
                cause);
    }

    /**
     * Returns the name of the property and its origin. With {@code search: 10/s}, the first rate is no property, and
     * the limit is.
     */
    private String location(String property) {
        // A name in brackets that needs none is usually written without, and is then another name for Spring Boot.
        String withoutBrackets = property.replaceAll("\\[([A-Za-z][A-Za-z0-9-]*)]", ".$1");
        return located(property).or(() -> located(withoutBrackets)).orElse(property);
    }

    private Optional<String> located(String property) {
        String spelling = property;
        ConfigurationPropertyName name = ConfigurationPropertyName.adapt(property, '.');
        for (; name.getNumberOfElements() > 1; name = name.getParent()) {
            for (ConfigurationPropertySource source : ConfigurationPropertySources.get(environment)) {
                ConfigurationProperty set = source.getConfigurationProperty(name);
                if (set != null) {
                    return Optional.of(
                            spelling + " (" + (set.getOrigin() != null ? set.getOrigin() : "from " + source) + ")");
                }
            }
            spelling = spelling.substring(0, spelling.lastIndexOf(spelling.endsWith("]") ? '[' : '.'));
        }
        return Optional.empty();
    }
}
