package io.ratelimit.benchmarks;

/**
 * The user who searches.
 *
 * @param id the key of the bucket
 */
public record SearchUser(String id) {}
