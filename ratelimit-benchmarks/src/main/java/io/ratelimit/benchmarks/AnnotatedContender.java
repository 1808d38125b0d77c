package io.ratelimit.benchmarks;

import java.util.List;
import java.util.function.Supplier;

/** An annotation on a method of a Spring bean, in memory and with meters, or a floor: the least cost of any advice. */
public enum AnnotatedContender implements Contender {
    /** Ratelimit with an argument as the key. */
    RATELIMIT_KEY("ratelimit, key = \"#userId\"", () -> RatelimitApplication.open()::byKey),
    /** Ratelimit with a nested property of an argument as the key. */
    RATELIMIT_PROPERTY("ratelimit, key = \"#request.user.id\"", () -> RatelimitApplication.open()::byProperty),
    /** Ratelimit with a computed cost. */
    RATELIMIT_COST(
            "ratelimit, key = \"#userId\", costExpression = \"#request.rows / 100.0\"",
            () -> RatelimitApplication.open()::byCost),
    /** Ratelimit with a condition, which is true. */
    RATELIMIT_CONDITION(
            "ratelimit, key = \"#userId\", condition = \"#request.rows > 100\"",
            () -> RatelimitApplication.open()::onCondition),
    /** Ratelimit with three annotations, each of another limit. */
    RATELIMIT_THREE_LIMITS(
            "ratelimit, three annotations with key = \"#userId\"", () -> RatelimitApplication.open()::byThreeLimits),
    /** Ratelimit with one bucket for all calls. */
    RATELIMIT_SHARED("ratelimit, no key", () -> RatelimitApplication.open()::shared),
    /** Resilience4j with an argument as the key, which is the limiter's name. */
    RESILIENCE4J_KEY("Resilience4j, name = \"#userId\"", () -> Resilience4jApplication.open()::byKey),
    /** Resilience4j with one limiter for all calls, as it is mostly used. */
    RESILIENCE4J_SHARED("Resilience4j, no key", () -> Resilience4jApplication.open()::shared),
    /** Bucket4j's starter on Caffeine, with an argument as the key. */
    BUCKET4J_KEY("Bucket4j starter, cacheKey = \"#userId\"", () -> Bucket4jApplication.open()::byKey),
    /** An advice that only proceeds. */
    INTERCEPTOR_FLOOR("floor: interceptor", InterceptorFloors::empty),
    /** An advice that reads the clock once and replaces one word by compare-and-swap. */
    INTERCEPTOR_CAS_FLOOR("floor: interceptor + CAS", InterceptorFloors::replacingAWord);

    /** The least cost of an advice. */
    static final List<AnnotatedContender> FLOORS = List.of(INTERCEPTOR_FLOOR, INTERCEPTOR_CAS_FLOOR);

    private final String label;
    private final Supplier<AnnotatedCall> opened;

    AnnotatedContender(String label, Supplier<AnnotatedCall> opened) {
        this.label = label;
        this.opened = opened;
    }

    AnnotatedCall open() {
        return opened.get();
    }

    @Override
    public String label() {
        return label;
    }
}
