package io.ratelimit.annotation;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Exempts a method from the limits of its class or interface.
 *
 * <pre>{@code
 * @RateLimited(limit = "search", key = "#userId")
 * public class Search {
 *
 *     public List<Hit> search(String userId, String query) { … }
 *
 *     @NotRateLimited
 *     public int version() { … }
 * }
 * }</pre>
 *
 * <p>It counts where {@link RateLimited} on a method counts: a method that overrides or implements an exempt one is
 * exempt too, unless it has an annotation of its own. Both annotations on one method are a mistake that stops the start
 * of the application. It can be used in composed annotations.
 */
@Target({ElementType.METHOD, ElementType.ANNOTATION_TYPE})
@Retention(RetentionPolicy.RUNTIME)
@Documented
public @interface NotRateLimited {}
