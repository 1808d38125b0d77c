package io.ratelimit.autoconfigure;

/**
 * A feature with its own properties under {@code ratelimit}, such as {@code ratelimit.redis}.
 *
 * <p>Features are listed in {@code META-INF/spring.factories}. Therefore their properties are known and checked even if
 * the feature is switched off or its library is missing, and only misspelt ones are rejected as unknown.
 *
 * @param <P> the type that the properties are bound to
 */
public interface RateLimitFeature<P extends Record> {

    /** {@return the name of the feature's properties below {@code ratelimit}, such as {@code redis}} */
    String name();

    /** {@return the type that the properties are bound to} */
    Class<P> propertiesType();

    /**
     * Checks that the properties allow buckets in memory, because this feature does not provide a store.
     *
     * @param properties the properties of the feature
     * @param selected whether {@code ratelimit.store} names this feature
     * @throws InvalidRateLimitPropertyException if a property asks for the feature's store
     */
    default void checkMemoryStore(P properties, boolean selected) {}
}
