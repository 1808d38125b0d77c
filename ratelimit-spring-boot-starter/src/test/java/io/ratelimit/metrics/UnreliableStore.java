package io.ratelimit.metrics;

import io.micrometer.core.instrument.MockClock;
import io.ratelimit.Charge;
import io.ratelimit.Decision;
import io.ratelimit.InMemoryRateLimitStore;
import io.ratelimit.LeaseState;
import io.ratelimit.Limit;
import io.ratelimit.RateLimitStore;
import io.ratelimit.StoreUnavailableException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.LongConsumer;

/** A store that needs a given time for its answer, and can be made to fail. */
final class UnreliableStore implements RateLimitStore {

    private final InMemoryRateLimitStore memory = InMemoryRateLimitStore.create(() -> 0, 100);
    private final MockClock clock;
    private final Duration latency;
    private boolean failing;
    private boolean closed;

    UnreliableStore() {
        this(new MockClock(), Duration.ZERO);
    }

    UnreliableStore(MockClock clock, Duration latency) {
        this.clock = clock;
        this.latency = latency;
    }

    void fail() {
        failing = true;
    }

    boolean isClosed() {
        return closed;
    }

    @Override
    public String name() {
        return "slow";
    }

    @Override
    public Decision decide(List<Charge> charges, Duration maxWait) {
        clock.add(latency);
        if (failing) {
            throw new StoreUnavailableException("not reachable", null);
        }
        return memory.decide(charges, maxWait);
    }

    @Override
    public CompletionStage<Decision> decideAsync(List<Charge> charges, Duration maxWait) {
        try {
            return CompletableFuture.completedFuture(decide(charges, maxWait));
        } catch (StoreUnavailableException ex) {
            return CompletableFuture.failedFuture(ex);
        }
    }

    @Override
    public CompletionStage<Void> refund(Decision taken, List<Charge> unused) {
        return memory.refund(taken, unused);
    }

    @Override
    public CompletionStage<Void> debit(Decision taken, List<Charge> more) {
        return memory.debit(taken, more);
    }

    @Override
    public CompletionStage<List<LeaseState>> renew(List<Decision> decisions) {
        return memory.renew(decisions);
    }

    @Override
    public void onLeaseReady(LongConsumer listener) {
        memory.onLeaseReady(listener);
    }

    @Override
    public void reset(Limit limit, String key) {
        memory.reset(limit, key);
    }

    @Override
    public void close() {
        closed = true;
        memory.close();
    }
}
