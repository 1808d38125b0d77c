package io.ratelimit.aop;

/** The advice of one limited method: its limits, and the adapter of its return type. */
record MethodAdvice(RateLimitedMethod method, ReturnTypeAdapter returnType) {}
