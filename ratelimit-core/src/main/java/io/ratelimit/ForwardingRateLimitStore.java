package io.ratelimit;

import io.ratelimit.algorithm.LeaseState;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.function.LongConsumer;

/**
 * A store that forwards every call to another store. The base of stores that change a few calls of the one they wrap.
 *
 * <pre>{@code
 * final class LoggingStore extends ForwardingRateLimitStore {
 *
 *     LoggingStore(RateLimitStore delegate) {
 *         super(delegate);
 *     }
 *
 *     @Override
 *     public Decision decide(List<Charge> charges, Duration maxWait) {
 *         Decision decision = super.decide(charges, maxWait);
 *         log.debug("{}", decision);
 *         return decision;
 *     }
 * }
 * }</pre>
 *
 * <p>A subclass that changes decisions overrides {@link #decide(List, Duration)} and {@link #decideAsync(List,
 * Duration)}. {@link #decide(Charge)} and {@link #decide(Charge, Duration)} are not forwarded by themselves: they
 * go through {@code decide(List, Duration)}, so that no decision misses the override.
 */
public abstract class ForwardingRateLimitStore implements RateLimitStore {

    private final RateLimitStore delegate;

    /**
     * Creates a store that forwards to another one.
     *
     * @param delegate the store to forward to; closed by {@link #close()}
     */
    protected ForwardingRateLimitStore(RateLimitStore delegate) {
        this.delegate = delegate;
    }

    /** {@return the store to which calls are forwarded} */
    protected final RateLimitStore delegate() {
        return delegate;
    }

    @Override
    public String name() {
        return delegate.name();
    }

    @Override
    public boolean isRemote() {
        return delegate.isRemote();
    }

    @Override
    public Object shard(Charge charge) {
        return delegate.shard(charge);
    }

    @Override
    public Decision decide(List<Charge> charges, Duration maxWait) {
        return delegate.decide(charges, maxWait);
    }

    @Override
    public CompletionStage<Decision> decideAsync(List<Charge> charges, Duration maxWait) {
        return delegate.decideAsync(charges, maxWait);
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
    public void limitRemoved(Limit limit) {
        delegate.limitRemoved(limit);
    }

    @Override
    public void close() {
        delegate.close();
    }
}
