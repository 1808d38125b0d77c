package io.ratelimit.autoconfigure;

import org.jspecify.annotations.Nullable;
import org.springframework.aot.hint.RuntimeHints;
import org.springframework.aot.hint.RuntimeHintsRegistrar;
import org.springframework.boot.context.properties.bind.BindableRuntimeHintsRegistrar;

/** Registers the properties of all features for native images: they are bound even if a feature is switched off. */
final class FeatureRuntimeHints implements RuntimeHintsRegistrar {

    @Override
    public void registerHints(RuntimeHints hints, @Nullable ClassLoader classLoader) {
        Class<?>[] types = RateLimitFeatures.load().all().stream()
                .map(RateLimitFeature::propertiesType)
                .toArray(Class<?>[]::new);
        BindableRuntimeHintsRegistrar.forTypes(types).registerHints(hints, classLoader);
    }
}
