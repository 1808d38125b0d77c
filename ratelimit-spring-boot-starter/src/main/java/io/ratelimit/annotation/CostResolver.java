package io.ratelimit.annotation;

import org.jspecify.annotations.Nullable;

/**
 * A bean that tells what a call costs, in place of {@link RateLimited#costExpression}.
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
 * <p>It is asked on every call, by many threads at once. What it throws reaches the caller, and nothing is charged.
 */
@FunctionalInterface
public interface CostResolver {

    /**
     * Tokens, rounded up to a thousandth. Null, negative and not finite values are an {@code IllegalArgumentException};
     * zero is free; more than the limit's capacity is refused for ever.
     *
     * @param call the call that is to be decided
     * @return tokens: {@code 2}, {@code 2.5}
     */
    @Nullable Number cost(RateLimitedCall call);
}
