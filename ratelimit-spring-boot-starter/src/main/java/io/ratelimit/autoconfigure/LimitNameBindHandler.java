package io.ratelimit.autoconfigure;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.bind.AbstractBindHandler;
import org.springframework.boot.context.properties.bind.BindContext;
import org.springframework.boot.context.properties.bind.BindHandler;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;

/**
 * Rejects limits with names that Spring Boot would change, and binds one limit where several spellings of a name occur:
 * {@code RATELIMIT_LIMITS_PLANFREE} overrides the limit {@code plan-free}, and defines none beside it.
 */
final class LimitNameBindHandler extends AbstractBindHandler {

    private static final ConfigurationPropertyName LIMITS =
            ConfigurationPropertyName.of(RateLimitProperties.PREFIX).append("limits");

    private @Nullable LimitNames names;

    LimitNameBindHandler(BindHandler parent) {
        super(parent);
    }

    @Override
    public <T> @Nullable Bindable<T> onStart(ConfigurationPropertyName name, Bindable<T> target, BindContext context) {
        if (name.equals(LIMITS)) {
            names = LimitNames.of(context.getSources());
        }
        return super.onStart(name, target, context);
    }

    @Override
    public @Nullable Object onSuccess(
            ConfigurationPropertyName name, Bindable<?> target, BindContext context, Object result) {
        Object bound = super.onSuccess(name, target, context, result);
        if (!name.equals(LIMITS) || !(bound instanceof Map<?, ?> limits)) {
            return bound;
        }
        Map<Object, @Nullable Object> own = new LinkedHashMap<>(limits);
        LimitNames read = names();
        own.keySet().removeIf(limit -> read.isOverride(limit.toString()));
        return own;
    }

    /** {@return the names of the limits, which are read when their binding begins} */
    LimitNames names() {
        return Objects.requireNonNull(names);
    }
}
