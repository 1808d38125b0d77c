package io.ratelimit.autoconfigure;

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
                "The property " + cause.property() + origin(cause.property()) + " cannot be \"" + cause.value()
                        + "\":\n\n    " + StringUtils.capitalize(cause.rule()) + ".",
                action + (action.endsWith("?") ? "" : "."),
                cause);
    }

    /**
     * Returns the origin of the property, or of the nearest one above it: with {@code search: 10/s}, the rate itself is
     * not a property.
     */
    private String origin(String property) {
        ConfigurationPropertyName name = ConfigurationPropertyName.adapt(property, '.');
        for (; name.getNumberOfElements() > 1; name = name.getParent()) {
            for (ConfigurationPropertySource source : ConfigurationPropertySources.get(environment)) {
                ConfigurationProperty set = source.getConfigurationProperty(name);
                if (set != null) {
                    return " (" + (set.getOrigin() != null ? set.getOrigin() : "from " + source) + ")";
                }
            }
        }
        return "";
    }
}
