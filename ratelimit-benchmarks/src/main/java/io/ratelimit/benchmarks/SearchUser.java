package io.ratelimit.benchmarks;

/**
 * Who asks.
 *
 * @param id whose bucket
 */
public record SearchUser(String id) {}
