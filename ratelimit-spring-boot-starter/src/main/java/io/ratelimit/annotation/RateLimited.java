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
 * <p>A call takes its cost from the bucket of its key. If the bucket has too little, the call is refused: the method does
 * not run, and the caller gets the {@link #fallback} or a {@code RateLimitExceededException}. All limits of one call are
 * one decision, and a refusal charges none of them.
 *
 * <p><b>Return types.</b> A {@code CompletionStage} method never throws: a refusal, like any exception, is a failed stage. A
 * {@code Mono}, a {@code Flux} and what Spring adapts to them are decided on each subscription, a Kotlin {@code Flow} on
 * each collection; these and {@code suspend} functions never block, and get an error signal. All other methods are decided when
 * they are called, and throw. The body runs on the caller's thread if the decision is there at once, or the thread may wait for
 * it; else, as on an event loop, on the application's task executor with the caller's context.
 *
 * <p><b>Calls at once.</b> Of a limit with the algorithm {@code concurrency} a call holds its cost until its result is there,
 * whatever that is: a value, an exception, a stage's or publisher's end, a cancellation. It is given back before the caller
 * has the result. A {@code Stream}, or whatever else is read only later, has ended when the method returns.
 *
 * <p><b>Where it is found.</b> On a method, on its class, on interfaces, and in annotations composed of it. A method's
 * own annotations replace those of the method it overrides, these replace its class's, these its superclass's, these those of
 * interface methods, and these those of interfaces. On a class it means the public methods of every bean of that class,
 * inherited ones too, without {@code equals}, {@code hashCode} and {@code toString}.
 *
 * <p><b>Order.</b> The limit is asked before security, transactions and caching, unless {@code ratelimit.aop.order} says
 * otherwise. {@code @Retryable}, {@code @Async} and {@code @ConcurrencyLimit} are always outside it: each retry asks
 * again, and the exception tells how long to wait.
 *
 * <p><b>Expressions</b> are in the Spring Expression Language. They see parameters by name ({@code #userId}) and by
 * index ({@code #p0}, {@code #a0}), {@code #root.target}, {@code #root.method}, {@code #root.args}, and beans
 * ({@code @plans.costOf(#userId)}). They are parsed and checked at start-up; the values of parameters are never parsed.
 * Placeholders ({@code ${search.limit}}) are resolved in every text. What a method throws that an expression calls reaches
 * the caller as it is; a checked exception as the cause of an {@code IllegalArgumentException}. An expression that cannot be
 * evaluated for the values of a call is an {@code IllegalArgumentException} that tells none of them. Either way nothing is charged.
 *
 * <p><b>Proxy or aspect.</b> Calls of a bean to itself, and {@code private}, {@code static} and {@code final} methods, pass by
 * the proxy and are not limited; the latter are warned of at start-up. With {@code ratelimit.aop.mode: aspectj} and woven
 * classes they are, and so are objects that are no beans, while an application runs. The aspect sees the annotation on
 * the method that runs, or on the class that declares it; what is inherited from interfaces and overridden methods is still
 * limited by proxies. It asks after all advice of proxies. A static method is limited only if it bears the annotation itself.
 */
@Target({ElementType.METHOD, ElementType.TYPE, ElementType.ANNOTATION_TYPE})
@Retention(RetentionPolicy.RUNTIME)
@Inherited
@Documented
@Repeatable(RateLimits.class)
public @interface RateLimited {

    /** The {@link #cost} that stands for the limit's own cost, for annotations that pass a cost on. */
    double COST_OF_LIMIT = Double.MIN_VALUE;

    /**
     * The name of the limit: {@code @RateLimited("search")}.
     *
     * @return the same as {@link #limit}
     */
    @AliasFor("limit")
    String value() default "default";

    /**
     * The name of the limit, as in {@code ratelimit.limits.search: 10/s}; the limit named {@code default} unless said
     * otherwise. An unknown name fails at start-up.
     *
     * @return a name: {@code limit = "search"}, {@code limit = "${search.limit}"}
     */
    @AliasFor("value")
    String limit() default "default";

    /**
     * The name of the limit, found on each call, as an expression instead of {@link #limit}:
     * {@code limitExpression = "'search-' + #user.plan"}, {@code limitExpression = "#user.pays ? 'gold' : 'silver'"}.
     *
     * <p>For a name that is not defined, {@code ratelimit.unknown-limit} speaks: {@code fail}, an {@code UnknownLimitException},
     * or {@code unlimited}, where this limit does not count for the call. Names that the expression spells out fail at
     * start-up. A value that is null, blank or no text is an {@code IllegalArgumentException}. Nothing is charged then.
     *
     * @return an expression of a text, or empty
     */
    String limitExpression() default "";

    /**
     * The class of a bean that gives the name of the limit on each call, instead of {@link #limit}:
     * {@code limitResolver = LimitOfPlan.class}. That there is one such bean is checked at start-up.
     *
     * @return a class, or the interface itself for none
     */
    Class<? extends LimitResolver> limitResolver() default LimitResolver.class;

    /**
     * Whose bucket is charged, as an expression: {@code key = "#userId"}, {@code key = "#user.tenant"},
     * {@code key = "'all-' + #region"}. Empty means one bucket for all callers of the limit.
     *
     * <p>The key is the text of the value: of numbers, UUIDs, dates and other values their {@code toString}, of enums the
     * constant's name, of an {@code Optional} what is in it. Arrays, and types without a {@code toString} of their own, are
     * refused by an {@code IllegalArgumentException}, also in a collection or map. A value that is null or blank is an
     * {@code EmptyKeyException}, or one shared bucket with {@code ratelimit.empty-key: shared}.
     *
     * @return an expression, or empty
     */
    String key() default "";

    /**
     * The class of a bean that gives the key, instead of {@link #key}: {@code keyResolver = CurrentTenant.class}. That there
     * is one such bean is checked at start-up.
     *
     * @return a class, or the interface itself for none
     */
    Class<? extends KeyResolver> keyResolver() default KeyResolver.class;

    /**
     * How many tokens a call costs: {@code cost = 5}, {@code cost = 0.5}; zero is free. Unless said otherwise it is the
     * limit's own cost, which is 1 unless configured.
     *
     * <p>A cost that is negative, not finite, finer than 0.001 or above the limit's capacity fails at start-up; above that of a
     * limit that is found on each call it is refused for ever, as any computed cost.
     *
     * @return tokens
     */
    double cost() default COST_OF_LIMIT;

    /**
     * How many tokens a call costs, as an expression instead of {@link #cost}: {@code costExpression = "#rows / 100.0"}.
     *
     * <p>The value is any number, rounded up to a thousandth of a token; a {@code BigDecimal} is not rounded before. A value
     * that is negative, not finite, null, or no number is an {@code IllegalArgumentException}, and nothing is charged.
     * A value above the limit's capacity is refused for ever.
     *
     * @return an expression, or empty
     */
    String costExpression() default "";

    /**
     * The class of a bean that gives the cost, instead of {@link #cost} and {@link #costExpression}:
     * {@code costResolver = CostOfRows.class}. That there is one such bean is checked at start-up.
     *
     * @return a class, or the interface itself for none
     */
    Class<? extends CostResolver> costResolver() default CostResolver.class;

    /**
     * How long a call may wait for its tokens: {@code maxWait = "500ms"}, {@code maxWait = "5s"}, {@code maxWait = "0s"} for
     * not at all. Unless said otherwise it is the limit's own {@code max-wait}.
     *
     * <p>The tokens are reserved at once, first come first served; a call that would have to wait longer is refused at once
     * and takes nothing. For a limit with the algorithm {@code concurrency} it queues, and is refused when the wait is
     * over. Of several limits of one call the smallest wait counts, and the call begins when the last of them
     * fits. A thread parks; a {@code CompletionStage}, {@code Mono}, {@code Flux}, suspend function or {@code Flow} waits
     * without one. Who is interrupted or cancelled meanwhile gives the tokens back; a thread stays interrupted and gets a
     * {@link java.util.concurrent.CancellationException}.
     *
     * <p>A text that is no duration, a negative one, one that is longer than the limit can count exactly, and any wait for a
     * sliding-window-counter fail at start-up.
     *
     * @return a duration, or empty
     */
    String maxWait() default "";

    /**
     * Whether this limit counts for a call, as an expression: {@code condition = "#query.length() > 3"}. Where it is false,
     * the other limits of the call still count.
     *
     * @return an expression of a boolean, or empty for always
     */
    String condition() default "";

    /**
     * What a call really used, as an expression of its result, where that is known only after it:
     * {@code settle = "#result.tokens"}. The cost is what is taken before, the most that the call can use.
     *
     * <p>It is evaluated once when the call succeeded; {@code #result} is what the method returned, or what its
     * {@code CompletionStage}, {@code Mono} or suspend function brought, null included. Below the cost the rest is given back,
     * above it the difference is owed, at most the capacity. The value is as for {@link #costExpression}. Where it cannot be
     * used, or the store cannot be asked, the charge stays and so does the caller's result; a warning in the log says so once.
     *
     * <p>A method without one result, such as {@code void}, {@code Flux} or {@code Flow}, fails at start-up, and so does a limit
     * with the algorithm {@code concurrency}, which counts calls while they run, and not what they used.
     *
     * @return an expression of a number, or empty
     */
    String settle() default "";

    /**
     * Failures for which the call is free: {@code refundOn = TimeoutException.class}. What was taken is given back when the
     * method throws one of these, or its stage or publisher fails with it.
     *
     * @return types of exceptions, with their subtypes
     */
    Class<? extends Throwable>[] refundOn() default {};

    /**
     * A method of the same bean that answers every refused call instead, also one refused because the store failed:
     * {@code fallback = "cached"}.
     *
     * <p>It has the same parameters, and if it likes a {@code RateLimitExceededException} as the last one, and a return
     * type that the limited method can return; that of a {@code suspend} function may be plain. It may be private. What it throws goes to the caller as it is. Of a call
     * of several limits, the fallback of the limit that refused answers, or else the first that there is.
     *
     * @return the name of a method, or empty
     */
    String fallback() default "";
}
