package io.ratelimit.annotation;

import org.jspecify.annotations.Nullable;

/**
 * A bean that tells which limit counts for a call, in place of {@link RateLimited#limitExpression}.
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
 * <p>It is asked on every call, by many threads at once. What it throws reaches the caller, and nothing is charged.
 */
@FunctionalInterface
public interface LimitResolver {

    /**
     * The name of the limit. Null and blank are an {@code IllegalArgumentException}, so that nobody is unlimited by an
     * oversight: a {@link RateLimited#condition} says for whom a limit does not count. For a name that is not defined,
     * {@code ratelimit.unknown-limit} speaks.
     *
     * @param call the call that is to be decided
     * @return the name of a defined limit: {@code "search-pro"}
     */
    @Nullable String limit(RateLimitedCall call);
}
