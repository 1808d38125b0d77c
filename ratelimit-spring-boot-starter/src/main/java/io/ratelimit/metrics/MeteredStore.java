package io.ratelimit.metrics;

import io.micrometer.core.instrument.Clock;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.ratelimit.Charge;
import io.ratelimit.Decision;
import io.ratelimit.ForwardingRateLimitStore;
import io.ratelimit.RateLimitStore;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;

/**
 * Times the decisions of a remote store with {@code ratelimit.store}. The tags are {@code store} (its name) and
 * {@code outcome}: {@code success} if the store answered, whatever its decision, else {@code failure}.
 *
 * <p>It decorates the remote store itself, inside of the fallback, so that the answers of the fallback are not timed.
 * Decisions in memory are not timed: reading the clock twice takes longer than such a decision.
 */
final class MeteredStore extends ForwardingRateLimitStore {

    private final Clock clock;
    private final Timer success;
    private final Timer failure;

    /**
     * Creates the decorator.
     *
     * @param store the store to time, which is closed with this one
     * @param registry registers the timers; its clock is used
     */
    MeteredStore(RateLimitStore store, MeterRegistry registry) {
        super(store);
        this.clock = registry.config().clock();
        this.success = timer(registry, "success");
        this.failure = timer(registry, "failure");
    }

    @Override
    public Decision decide(List<Charge> charges, Duration maxWait) {
        long start = clock.monotonicTime();
        boolean answered = false;
        try {
            Decision decision = super.decide(charges, maxWait);
            answered = true;
            return decision;
        } finally {
            record(start, answered);
        }
    }

    @Override
    public CompletionStage<Decision> decideAsync(List<Charge> charges, Duration maxWait) {
        long start = clock.monotonicTime();
        return super.decideAsync(charges, maxWait).whenComplete((decision, error) -> record(start, error == null));
    }

    private void record(long start, boolean answered) {
        (answered ? success : failure).record(clock.monotonicTime() - start, TimeUnit.NANOSECONDS);
    }

    private Timer timer(MeterRegistry registry, String outcome) {
        return Timer.builder("ratelimit.store")
                .description("Decisions of a remote store")
                .tag("store", name())
                .tag("outcome", outcome)
                .register(registry);
    }
}
