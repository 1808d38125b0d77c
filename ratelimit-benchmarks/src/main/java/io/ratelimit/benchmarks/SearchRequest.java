package io.ratelimit.benchmarks;

/**
 * An argument with properties that expressions read.
 *
 * @param user the user who searches
 * @param rows the number of wanted rows
 */
public record SearchRequest(SearchUser user, int rows) {}
