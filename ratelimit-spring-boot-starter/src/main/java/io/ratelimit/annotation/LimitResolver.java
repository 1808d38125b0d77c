package io.ratelimit.annotation;

import org.jspecify.annotations.Nullable;

/**
 * Computes the limit of a call, as a bean, instead of the expression {@link RateLimited#limitExpression}.
 *
 * <pre>{@code
 * @Component
 * class LimitOfPlan implements LimitResolver {
 *
 *     @Override
 *     public String limit(RateLimitedCall call) {
 *         User user = (User) call.args()[0];
 *         return "search-" + user.plan();   // ratelimit.limits.search-free: 1/s, ratelimit.limits.search-pro: 50/s
 *     }
 * }
 *
 * @RateLimited(limitResolver = LimitOfPlan.class, key = "#user.id")
 * public List<Hit> search(User user, String query) { … }
 * }</pre>
 *
 * <p>It is called for every call, by many threads at once. An exception reaches the caller, and nothing is charged.
 */
@FunctionalInterface
public interface LimitResolver {

    /**
     * Returns the name of the limit of a call. Null and blank names fail with an {@code InvalidCallException}, so
     * that no call is unlimited by mistake; a {@link RateLimited#condition} excludes calls from a limit. An undefined
     * name fails with an {@code UnknownLimitException}, unless {@code ratelimit.unknown-limit} ignores it.
     *
     * @param call the call to decide
     * @return the name of a defined limit, such as {@code "search-pro"}
     */
    @Nullable String limit(RateLimitedCall call);
}
