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
 * A remote store whose decisions are timed by {@code ratelimit.store}, with the tags {@code store} (its name) and
 * {@code outcome}: {@code success} if it answered, whatever the answer was, else {@code failure}.
 *
 * <p>It belongs around the remote store itself, as a decorator of {@link io.ratelimit.remote.RemoteRateLimitStore}, so that the answers given
 * in the store's place are not timed. A memory store is better left alone: reading the clock twice takes longer than its
 * decision.
 */
final class MeteredStore implements RateLimitStore {

    private final RateLimitStore delegate;
    private final Clock clock;
    private final Timer success;
    private final Timer failure;

    /**
     * Puts a clock around a store.
     *
     * @param store the store to time; closed with this one
     * @param registry where the timer is registered, and whose clock is read
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
