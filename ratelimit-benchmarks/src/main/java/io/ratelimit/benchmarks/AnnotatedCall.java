package io.ratelimit.benchmarks;

/** A method of a bean as its callers see it. */
@FunctionalInterface
interface AnnotatedCall {

    String search(String userId, SearchRequest request);
}
