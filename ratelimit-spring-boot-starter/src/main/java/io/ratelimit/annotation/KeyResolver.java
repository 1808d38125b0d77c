package io.ratelimit.annotation;

import org.jspecify.annotations.Nullable;

/**
 * Computes the key of the bucket that a call is charged to, as a bean, instead of the expression
 * {@link RateLimited#key}.
 *
 * <pre>{@code
 * @Component
 * class CurrentTenant implements KeyResolver {
 *
 *     @Override
 *     public String key(RateLimitedCall call) {
 *         return Tenants.current().id();
 *     }
 * }
 *
 * @RateLimited(limit = "search", keyResolver = CurrentTenant.class)
 * public List<Hit> search(String query) { … }
 * }</pre>
 *
 * <p>It is called for every call, by many threads at once. An exception reaches the caller, and nothing is charged.
 */
@FunctionalInterface
public interface KeyResolver {

    /**
     * Returns the key of a call, by the same rules as {@link RateLimited#key}: its text identifies the bucket, a value
     * whose class does not override {@code toString} is rejected, and a null or blank key, or one with a null part,
     * fails with an {@code EmptyKeyException} or shares one bucket.
     *
     * @param call the call to decide
     * @return a text, number, UUID or enum constant, such as {@code "acme"}
     */
    @Nullable Object key(RateLimitedCall call);
}
