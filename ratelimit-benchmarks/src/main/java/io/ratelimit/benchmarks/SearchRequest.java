package io.ratelimit.benchmarks;

/**
 * An argument with properties, as expressions read them.
 *
 * @param user who asks
 * @param rows how many are wanted
 */
public record SearchRequest(SearchUser user, int rows) {}
