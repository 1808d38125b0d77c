package io.ratelimit.annotation;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Repeatable;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.springframework.core.annotation.AliasFor;

/**
 * Limits the calls of a method, or of every public method of a class.
 *
 * <pre>{@code
 * @RateLimited(limit = "search", key = "#userId")
 * public List<Hit> search(String userId, String query) { … }
 *
 * @RateLimited(limit = "quote-user", key = "#userId")
 * @RateLimited(limit = "quote-all")
 * public Quote quote(String userId) { … }
 * }</pre>
 *
 * <p>A call consumes its {@link #cost} from the bucket of its {@link #key}. If the bucket has too few tokens, the call
 * is rejected: the method does not run, and the caller gets the result of the {@link #fallback} or a
 * {@code RateLimitExceededException}. All limits of one call are one decision, and a rejection charges none of them.
 *
 * <p><b>Return types.</b> A rejected {@code CompletionStage} method returns a failed stage. {@code Mono}, {@code Flux}
 * and Kotlin's {@code Flow} are decided on each subscription, and a rejection is an error signal. These and
 * {@code suspend} functions never block. All other methods are decided when they are called, and throw.
 *
 * <p><b>Place.</b> The annotation works on methods, classes and interfaces, and in composed annotations. The
 * annotations of a method replace those of its class, and these replace those of its interfaces. A method with
 * {@link NotRateLimited} is exempt from those of its class and interfaces.
 *
 * <p><b>Order.</b> By default the limits are applied after method security, and before transactions and caching
 * ({@code ratelimit.aop.order}). They are always within {@code @Retryable}, {@code @Async} and
 * {@code @ConcurrencyLimit}.
 *
 * <p><b>Expressions</b> are written in the Spring Expression Language. Variables are the parameters by name
 * ({@code #userId}) and by index ({@code #p0}). {@code #root.target}, {@code #root.method}, {@code #root.args} and
 * beans ({@code @plans.costOf(#userId)}) are available too. Expressions are checked at start-up, and values are never
 * parsed. Placeholders such as {@code ${search.limit}} are resolved in every text. If the evaluation for a call fails,
 * nothing is charged.
 *
 * <p><b>Proxies.</b> Proxies do not see calls of a bean to itself, nor calls of {@code private}, {@code static} and
 * {@code final} methods. An annotation that has no effect stops the start ({@code ratelimit.aop.ineffective}). With
 * {@code ratelimit.aop.mode: aspectj} woven methods are limited instead.
 *
 * <p>The page {@code docs/annotation.md} of the project describes all of this in detail.
 */
@Target({ElementType.METHOD, ElementType.TYPE, ElementType.ANNOTATION_TYPE})
@Retention(RetentionPolicy.RUNTIME)
@Inherited
@Documented
@Repeatable(RateLimits.class)
public @interface RateLimited {

    /** The {@link #cost} that stands for the cost of the limit, for composed annotations that pass a cost on. */
    double COST_OF_LIMIT = Double.MIN_VALUE;

    /**
     * The name of the limit: {@code @RateLimited("search")}.
     *
     * @return the same as {@link #limit}
     */
    @AliasFor("limit")
    String value() default "default";

    /**
     * The name of the limit, as in {@code ratelimit.limits.search: 10/s}. An undefined name fails at start-up.
     *
     * @return a name: {@code limit = "search"}, {@code limit = "${search.limit}"}
     */
    @AliasFor("value")
    String limit() default "default";

    /**
     * The name of the limit as an expression, instead of {@link #limit}. For an undefined name,
     * {@code ratelimit.unknown-limit} applies.
     *
     * @return an expression: {@code limitExpression = "#user.pays ? 'gold' : 'silver'"}; empty for none
     */
    String limitExpression() default "";

    /**
     * The class of the one bean that computes the name of the limit for each call, instead of {@link #limit}.
     *
     * @return a class: {@code limitResolver = LimitOfPlan.class}; the interface itself for none
     */
    Class<? extends LimitResolver> limitResolver() default LimitResolver.class;

    /**
     * The key whose bucket is charged, as an expression. The text of its value is the key. Null and blank keys, and
     * concatenations and collections with a null part, fail with an {@code EmptyKeyException} or share one bucket
     * ({@code ratelimit.empty-key}).
     *
     * @return an expression: {@code key = "#user.tenant"}; empty for one bucket that all calls of the limit share
     */
    String key() default "";

    /**
     * The class of the one bean that computes the key for each call, instead of {@link #key}.
     *
     * @return a class: {@code keyResolver = CurrentTenant.class}; the interface itself for none
     */
    Class<? extends KeyResolver> keyResolver() default KeyResolver.class;

    /**
     * The tokens that a call costs, with at most three decimal places; 0 is free. A cost that is negative, not finite
     * or above the capacity of the limit fails at start-up.
     *
     * @return tokens: {@code cost = 5}, {@code cost = 0.5}; by default the cost of the limit, which is usually 1
     */
    double cost() default COST_OF_LIMIT;

    /**
     * The cost as an expression, instead of {@link #cost}, rounded up to a thousandth of a token. A call that costs
     * more than the capacity of the limit is rejected permanently.
     *
     * @return an expression of a number: {@code costExpression = "#rows / 100.0"}; empty for none
     */
    String costExpression() default "";

    /**
     * The class of the one bean that computes the cost of each call, instead of {@link #cost}.
     *
     * @return a class: {@code costResolver = CostOfRows.class}; the interface itself for none
     */
    Class<? extends CostResolver> costResolver() default CostResolver.class;

    /**
     * The longest time that a call may wait for its tokens, which are reserved in order. A call that would have to wait
     * longer is rejected at once. Of several limits, the shortest wait applies.
     *
     * @return a duration: {@code maxWait = "500ms"}, {@code maxWait = "0s"}; empty for the {@code max-wait} of the
     * limit
     */
    String maxWait() default "";

    /**
     * The condition under which this limit applies to a call, as an expression. Other limits of the call apply anyway.
     *
     * @return an expression of a boolean: {@code condition = "#query.length() > 3"}; empty for always
     */
    String condition() default "";

    /**
     * The tokens that a successful call really used, as an expression of its result. Tokens that it did not use are
     * refunded; tokens beyond the cost are debited, at most the capacity.
     *
     * @return an expression of a number: {@code settle = "#result.tokens"}; empty for none
     */
    String settle() default "";

    /**
     * The exceptions for which a call is free: its tokens are refunded.
     *
     * @return types of exceptions, which include their subtypes: {@code refundOn = TimeoutException.class}
     */
    Class<? extends Throwable>[] refundOn() default {};

    /**
     * A method of the same bean that answers rejected calls. It has the same parameters, and optionally a
     * {@code RateLimitExceededException} as its last one, and a compatible return type. It may be private.
     *
     * @return the name of a method: {@code fallback = "cached"}; empty for an exception
     */
    String fallback() default "";
}
