package io.ratelimit.metrics;

import io.micrometer.core.instrument.Clock;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.ratelimit.Charge;
import io.ratelimit.Decision;
import io.ratelimit.Limit;
import io.ratelimit.RateLimitStore;
import io.ratelimit.algorithm.LeaseState;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.LongConsumer;
import java.util.function.Supplier;

/**
 * Times the decisions of a remote store with {@code ratelimit.store}. The tags are {@code store} (its name) and
 * {@code outcome}: {@code success} if the store answered, whatever its decision, else {@code failure}.
 *
 * <p>It decorates the remote store itself, inside of the fallback, so that the answers of the fallback are not timed.
 * Decisions in memory are not timed: reading the clock twice takes longer than such a decision.
 */
final class MeteredStore implements RateLimitStore {

    private final RateLimitStore delegate;
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
        this.delegate = store;
        this.clock = registry.config().clock();
        this.success = timer(registry, "success");
        this.failure = timer(registry, "failure");
    }

    @Override
    public String name() {
        return delegate.name();
    }

    @Override
    public Object shard(Charge charge) {
        return delegate.shard(charge);
    }

    @Override
    public Decision decide(List<Charge> charges, Duration maxWait) {
        return time(() -> delegate.decide(charges, maxWait));
    }

    @Override
    public Decision decide(Charge charge) {
        return time(() -> delegate.decide(charge));
    }

    @Override
    public CompletionStage<Decision> decideAsync(List<Charge> charges, Duration maxWait) {
        long start = clock.monotonicTime();
        return delegate.decideAsync(charges, maxWait).whenComplete((decision, error) -> record(start, error == null));
    }

    @Override
    public CompletionStage<Void> refund(Decision taken, List<Charge> unused) {
        return delegate.refund(taken, unused);
    }

    @Override
    public CompletionStage<Void> debit(Decision taken, List<Charge> more) {
        return delegate.debit(taken, more);
    }

    @Override
    public CompletionStage<List<LeaseState>> renew(List<Decision> decisions) {
        return delegate.renew(decisions);
    }

    @Override
    public void onLeaseReady(LongConsumer listener) {
        delegate.onLeaseReady(listener);
    }

    @Override
    public void reset(Limit limit, String key) {
        delegate.reset(limit, key);
    }

    @Override
    public void close() {
        delegate.close();
    }

    private Decision time(Supplier<Decision> call) {
        long start = clock.monotonicTime();
        boolean answered = false;
        try {
            Decision decision = call.get();
            answered = true;
            return decision;
        } finally {
            record(start, answered);
        }
    }

    private void record(long start, boolean answered) {
        (answered ? success : failure).record(clock.monotonicTime() - start, TimeUnit.NANOSECONDS);
    }

    private Timer timer(MeterRegistry registry, String outcome) {
        return Timer.builder("ratelimit.store")
                .description("Decisions of a remote store")
                .tag("store", delegate.name())
                .tag("outcome", outcome)
                .register(registry);
    }
}
