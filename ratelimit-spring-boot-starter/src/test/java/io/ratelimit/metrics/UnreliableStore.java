package io.ratelimit.metrics;

import io.micrometer.core.instrument.MockClock;
import io.ratelimit.Charge;
import io.ratelimit.Decision;
import io.ratelimit.ForwardingRateLimitStore;
import io.ratelimit.StoreUnavailableException;
import io.ratelimit.memory.InMemoryRateLimitStore;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** A store that needs a given time for its answer, and can be made to fail. */
final class UnreliableStore extends ForwardingRateLimitStore {

    private final MockClock clock;
    private final Duration latency;
    private boolean failing;
    private boolean closed;

    UnreliableStore() {
        this(new MockClock(), Duration.ZERO);
    }

    UnreliableStore(MockClock clock, Duration latency) {
        super(InMemoryRateLimitStore.create(() -> 0, 100));
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
        return super.decide(charges, maxWait);
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
    public void close() {
        closed = true;
        super.close();
    }
}
