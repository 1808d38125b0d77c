package io.ratelimit.benchmarks;

/** A call of an annotated method. */
@FunctionalInterface
interface AnnotatedCall {

    String search(String userId, SearchRequest request);
}
