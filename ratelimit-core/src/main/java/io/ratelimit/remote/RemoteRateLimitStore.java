package io.ratelimit.remote;

import io.ratelimit.Charge;
import io.ratelimit.Decision;
import io.ratelimit.ForwardingRateLimitStore;
import io.ratelimit.Limit;
import io.ratelimit.RateLimitStore;
import io.ratelimit.StoreFailurePolicy;
import io.ratelimit.StoreUnavailableException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.LongSupplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * A remote store with everything that a node needs to call it: a fallback for outages, a circuit breaker, a cache of
 * denials and prefetched tokens.
 *
 * <pre>{@code
 * RateLimitStore store = RemoteRateLimitStore.builder(new MyRemoteStore(), InMemoryRateLimitStore.create()).build();
 * }</pre>
 *
 * <p>A call passes these steps in order, until one of them can decide it:
 * <ol>
 *   <li><b>Prefetch.</b> A limit with a {@link Limit#prefetch()} spends tokens that this node consumed from the remote
 *       store ahead of the calls that use them. With n nodes, at most {@code n · prefetch} more tokens per key are
 *       admitted in any interval than the limit alone allows.
 *   <li><b>Fallback.</b> If the remote store is unavailable, each limit answers by its {@link StoreFailurePolicy}.
 *       After five consecutive failures a {@linkplain RateLimitStore#shard shard} is no longer called, so that no call
 *       waits for its timeout. It is only probed in the background, four times a second, until a probe succeeds.
 *   <li><b>Denial cache.</b> After the remote store rejected a call, this node rejects further calls of the same key
 *       itself for as long as the tokens cannot have refilled, at most about a second. No call is ever admitted from
 *       this cache.
 *   <li><b>Decorators</b>, and finally the remote store itself.
 * </ol>
 */
public final class RemoteRateLimitStore extends ForwardingRateLimitStore {

    private static final System.Logger LOG = System.getLogger(RemoteRateLimitStore.class.getName());

    private final FallbackStore fallback;
    private final @Nullable PrefetchingStore prefetching;

    private RemoteRateLimitStore(FallbackStore fallback, @Nullable PrefetchingStore prefetching) {
        super(prefetching == null ? fallback : prefetching);
        this.fallback = fallback;
        this.prefetching = prefetching;
    }

    /**
     * Starts a store with a denial cache and prefetch.
     *
     * @param remote the store to call; reports that it is unavailable by a {@link StoreUnavailableException}
     * @param local the store that decides limits with {@link StoreFailurePolicy#LOCAL} while the remote store is
     *     unavailable, usually an {@code InMemoryRateLimitStore}; it keeps its buckets from one outage to the next
     * @return a builder; {@link #close()} of the store that it builds closes both stores
     */
    public static Builder builder(RateLimitStore remote, RateLimitStore local) {
        return new Builder(remote, local);
    }

    /** {@inheritDoc} Prefetched tokens answer a single charge without an allocation for the list. */
    @Override
    public Decision decide(Charge charge, Duration maxWait) {
        return delegate().decide(charge, maxWait);
    }

    /**
     * {@return the reason why a shard of the remote store was unavailable when it was last called, without keys or
     * secrets; empty if all shards answered}
     */
    public Optional<String> outage() {
        return fallback.outage();
    }

    /**
     * Returns the number of tokens that this node has prefetched for a limit and not used yet, over all keys.
     *
     * @param limit the name of the limit
     * @return zero or more tokens; empty if this store was built without prefetch
     */
    public OptionalDouble prefetchedTokens(String limit) {
        return prefetching == null ? OptionalDouble.empty() : OptionalDouble.of(prefetching.prefetchedTokens(limit));
    }

    /** Builds a {@link RemoteRateLimitStore}. */
    public static final class Builder {

        private final RateLimitStore remote;
        private final RateLimitStore local;
        private final List<UnaryOperator<RateLimitStore>> decorators = new ArrayList<>();
        private boolean denialCache = true;
        private boolean prefetch = true;
        private LongSupplier nanoClock = System::nanoTime;

        private Builder(RateLimitStore remote, RateLimitStore local) {
            this.remote = remote;
            this.local = local;
        }

        /**
         * Wraps the remote store. The first decorator wraps the remote store itself, and each further decorator wraps
         * the one before it. Decorators see the calls that reach the remote store, and not those that are decided
         * without it.
         *
         * @param decorator returns a store that forwards to the given one and closes it, for example a
         *     {@link ForwardingRateLimitStore}
         * @return this builder
         */
        public Builder decorator(UnaryOperator<RateLimitStore> decorator) {
            decorators.add(decorator);
            return this;
        }

        /**
         * Sets whether this node caches denials. Enabled by default.
         *
         * @param enabled whether calls of a key that was just rejected are rejected without calling the remote store
         * @return this builder
         */
        public Builder denialCache(boolean enabled) {
            this.denialCache = enabled;
            return this;
        }

        /**
         * Sets whether this node prefetches tokens for limits that have a {@link Limit#prefetch()}. Enabled by default.
         *
         * @param enabled whether calls may be answered from prefetched tokens
         * @return this builder
         */
        public Builder prefetch(boolean enabled) {
            this.prefetch = enabled;
            return this;
        }

        /**
         * Sets the clock of this node, which measures the age of cached denials and pauses between attempts. The remote
         * store does not use it. {@link System#nanoTime} by default.
         *
         * @param nanoClock nanoseconds since any fixed instant, never decreasing
         * @return this builder
         */
        public Builder clock(LongSupplier nanoClock) {
            this.nanoClock = nanoClock;
            return this;
        }

        /** {@return the store} */
        public RemoteRateLimitStore build() {
            RateLimitStore source = remote;
            for (UnaryOperator<RateLimitStore> decorator : decorators) {
                source = decorator.apply(source);
            }
            if (denialCache) {
                source = new DenialCachingStore(source, nanoClock);
            }
            FallbackStore fallback = new FallbackStore(source, local, LOG);
            return new RemoteRateLimitStore(
                    fallback, prefetch ? new PrefetchingStore(fallback, source, nanoClock) : null);
        }
    }
}
