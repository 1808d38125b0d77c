package io.ratelimit.annotation;

import org.jspecify.annotations.Nullable;

/**
 * Computes the cost of a call, as a bean, instead of the expression {@link RateLimited#costExpression}.
 *
 * <pre>{@code
 * @Component
 * class CostOfRows implements CostResolver {
 *
 *     @Override
 *     public Number cost(RateLimitedCall call) {
 *         return (int) call.args()[1] / 100.0;
 *     }
 * }
 *
 * @RateLimited(limit = "report", key = "#tenant", costResolver = CostOfRows.class)
 * public String report(String tenant, int rows) { … }
 * }</pre>
 *
 * <p>It is called for every call, by many threads at once. An exception reaches the caller, and nothing is charged.
 */
@FunctionalInterface
public interface CostResolver {

    /**
     * Returns the cost of a call, which is rounded up to a thousandth of a token. Zero is free. Null, negative and
     * infinite values fail with an {@code InvalidCallException}. A cost above the capacity of the limit is rejected
     * permanently.
     *
     * @param call the call to decide
     * @return tokens, such as {@code 2} or {@code 2.5}
     */
    @Nullable Number cost(RateLimitedCall call);
}
