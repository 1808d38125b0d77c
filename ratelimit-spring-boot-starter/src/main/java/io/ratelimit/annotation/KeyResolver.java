package io.ratelimit.annotation;

import org.jspecify.annotations.Nullable;

/**
 * A bean that tells whose bucket a call is charged to, in place of the expression {@link RateLimited#key}.
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
 * <p>It is asked on every call, by many threads at once. What it throws reaches the caller, and nothing is charged.
 */
@FunctionalInterface
public interface KeyResolver {

    /**
     * The key, by the same rules as the value of {@link RateLimited#key}: its text is what counts, a value without a text of its
     * own is refused, and null or blank is an {@code EmptyKeyException}, or a shared bucket.
     *
     * @param call the call that is to be decided
     * @return a text, number, UUID, enum constant: {@code "acme"}
     */
    @Nullable Object key(RateLimitedCall call);
}
