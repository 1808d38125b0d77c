package io.ratelimit.benchmarks;

import java.util.List;
import java.util.function.Supplier;

/** An annotation on a method of a Spring bean, in memory and with meters, or a floor: the least that any advice costs. */
public enum AnnotatedContender implements Contender {
    /** Ours by an argument. */
    RATELIMIT_KEY("ratelimit, key = \"#userId\"", () -> RatelimitApplication.open()::byKey),
    /** Ours by a property of a property. */
    RATELIMIT_PROPERTY("ratelimit, key = \"#request.user.id\"", () -> RatelimitApplication.open()::byProperty),
    /** Ours with a computed cost. */
    RATELIMIT_COST(
            "ratelimit, key = \"#userId\", costExpression = \"#request.rows / 100.0\"",
            () -> RatelimitApplication.open()::byCost),
    /** Ours with one bucket for all. */
    RATELIMIT_SHARED("ratelimit, no key", () -> RatelimitApplication.open()::shared),
    /** Resilience4j by an argument: the limiter's name is the key. */
    RESILIENCE4J_KEY("Resilience4j, name = \"#userId\"", () -> Resilience4jApplication.open()::byKey),
    /** Resilience4j as it is mostly used. */
    RESILIENCE4J_SHARED("Resilience4j, no key", () -> Resilience4jApplication.open()::shared),
    /** Bucket4j's starter by an argument, on Caffeine. */
    BUCKET4J_KEY("Bucket4j starter, cacheKey = \"#userId\"", () -> Bucket4jApplication.open()::byKey),
    /** An advice that only goes on. */
    INTERCEPTOR_FLOOR("floor: interceptor", InterceptorFloors::empty),
    /** An advice that reads the clock once and replaces one word in hand. */
    INTERCEPTOR_CAS_FLOOR("floor: interceptor + CAS", InterceptorFloors::replacingAWord);

    /** The least that advice costs. */
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
