package io.ratelimit.autoconfigure;

import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.core.io.support.SpringFactoriesLoader;

/** All features that have properties, whether they are switched on or not. */
record RateLimitFeatures(List<RateLimitFeature<?>> all) {

    @SuppressWarnings({"rawtypes", "unchecked"})
    static RateLimitFeatures load() {
        List<RateLimitFeature> features = SpringFactoriesLoader.forDefaultResourceLocation(
                        RateLimitFeatures.class.getClassLoader())
                .load(RateLimitFeature.class);
        return new RateLimitFeatures((List<RateLimitFeature<?>>) (List<?>) features);
    }

    /** {@return the names of all properties below {@code ratelimit}: {@code redis}, {@code redis.timeout}} */
    Set<String> propertyNames() {
        Set<String> names = new TreeSet<>();
        for (RateLimitFeature<?> feature : all) {
            names.add(feature.name());
            PropertyNames.of(feature.propertiesType()).forEach(name -> names.add(feature.name() + "." + name));
        }
        return names;
    }

    /** Binds the properties of all features, to find invalid values. */
    void bind(Binder binder) {
        all.forEach(feature -> bind(feature, binder));
    }

    /**
     * Checks that buckets may be kept in memory.
     *
     * @throws InvalidRateLimitPropertyException if a property asks for the store of a feature
     */
    void checkMemoryStore(StoreType store, Binder binder) {
        for (RateLimitFeature<?> feature : all) {
            boolean selected = feature.name().equalsIgnoreCase(store.name());
            if (selected || store == StoreType.AUTO) {
                checkMemoryStore(feature, selected, binder);
            }
        }
    }

    private static <P extends Record> void checkMemoryStore(
            RateLimitFeature<P> feature, boolean selected, Binder binder) {
        feature.checkMemoryStore(bind(feature, binder), selected);
    }

    private static <P extends Record> P bind(RateLimitFeature<P> feature, Binder binder) {
        return binder.bindOrCreate(RateLimitProperties.PREFIX + "." + feature.name(), feature.propertiesType());
    }
}
