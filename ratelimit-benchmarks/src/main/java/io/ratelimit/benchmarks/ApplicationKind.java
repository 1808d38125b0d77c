package io.ratelimit.benchmarks;

import org.jspecify.annotations.Nullable;

/** An application whose start is measured, with or without the starter. */
enum ApplicationKind {
    /** No starter. */
    PLAIN("without the starter", false, 0, false, false, null),
    /** Few limits. */
    TEN_LIMITS("10 limits", true, 10, false, false, PLAIN),
    /** No starter, many beans. */
    BEANS("200 beans, without the starter", false, 0, true, false, null),
    /** No starter, many beans, each with the least advice: what the creation of their proxies takes. */
    BEANS_WITH_INTERCEPTOR("floor: 200 beans with an interceptor", false, 0, true, false, BEANS),
    /** Many limits and annotated beans. */
    THOUSAND_LIMITS("200 annotated beans, 1,000 limits", true, 1000, true, false, BEANS),
    /** No starter, with a connection to Redis. */
    REDIS("Redis, without the starter", false, 0, false, true, null),
    /** Few limits on Redis. */
    REDIS_TEN_LIMITS("Redis, 10 limits", true, 10, false, true, REDIS),
    /** No starter, many beans, with a connection to Redis. */
    REDIS_BEANS("Redis, 200 beans, without the starter", false, 0, true, true, null),
    /** Many limits and annotated beans on Redis. */
    REDIS_THOUSAND_LIMITS("Redis, 200 annotated beans, 1,000 limits", true, 1000, true, true, REDIS_BEANS);

    final String label;
    final boolean starter;
    final int limits;
    final boolean beans;
    final boolean redis;

    /** The same application without the starter; null if it is one. */
    final @Nullable ApplicationKind base;

    ApplicationKind(
            String label, boolean starter, int limits, boolean beans, boolean redis, @Nullable ApplicationKind base) {
        this.label = label;
        this.starter = starter;
        this.limits = limits;
        this.beans = beans;
        this.redis = redis;
        this.base = base;
    }

    /** {@return whether each bean has a proxy, because its method is annotated or intercepted} */
    boolean hasProxies() {
        return beans && (starter || this == BEANS_WITH_INTERCEPTOR);
    }
}
