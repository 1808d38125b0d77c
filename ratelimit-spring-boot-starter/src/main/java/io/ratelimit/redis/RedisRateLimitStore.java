package io.ratelimit.redis;

import io.ratelimit.Charge;
import io.ratelimit.Decision;
import io.ratelimit.Limit;
import io.ratelimit.RateLimitStore;
import io.ratelimit.StoreUnavailableException;
import io.ratelimit.algorithm.LeaseState;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.BiFunction;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.util.ClassUtils;

/**
 * A store that keeps buckets on a Redis server, Sentinel group or Cluster. All nodes of an application share the
 * buckets, and the clock is the server's.
 *
 * <pre>{@code
 * RedisRateLimitStore store = RedisRateLimitStore.create(connectionFactory, "ratelimit", Duration.ofMillis(250));
 * RateLimiter limiter = new RateLimiterRegistry(store, List.of()).define(Limit.of("search", "10/s"));
 * }</pre>
 *
 * <p>A decision is at most one script call, for any number of rates and limits. It is answered or fails within the
 * timeout, and is executed at most once. While there is no connection, calls fail at once and the store reconnects in
 * the background. Only the first call waits for the connection, at most for the timeout.
 *
 * <p><b>Cluster.</b> All buckets of one key are in one slot. A decision over several slots charges them one after the
 * other, shared buckets last, and refunds them if one slot rejects; until then other callers see those tokens consumed.
 * The slots that were not charged are then read, for their status. Such a decision neither reserves tokens nor waits
 * for a lease, whatever its maximum wait.
 *
 * <p><b>Leases.</b> Calls that wait for a lease are notified through the channel {@code prefix:ready}, which the store
 * subscribes to when a call may first wait. Without permission for the channel ({@code &prefix:ready} in the ACL of the
 * user) leases still work, but a waiting call only polls twice per second.
 */
public final class RedisRateLimitStore implements RateLimitStore {

    static final boolean LETTUCE_PRESENT =
            ClassUtils.isPresent("io.lettuce.core.RedisClient", RedisRateLimitStore.class.getClassLoader());

    private static final CompletableFuture<?> DONE = CompletableFuture.completedFuture(null);

    private final RedisScriptClient client;
    private final ScriptOperations operations;
    private final RedisKeys keys;
    private final Duration timeout;
    private final LongAdder refunded = new LongAdder();
    private volatile @Nullable LeaseNotifications leaseNotifications;
    private @Nullable EvictionPolicyCheck eviction;
    private volatile @Nullable RedisWarmUp warmUp;
    private boolean closed;

    RedisRateLimitStore(RedisScriptClient client, String lua, RedisKeys keys, Duration timeout) {
        this.client = client;
        this.operations = new ScriptOperations(client, new RateLimitScript(client, lua), keys);
        this.keys = keys;
        this.timeout = timeout;
    }

    /**
     * Creates a store. It connects on first use, so it can be created while Redis is down.
     *
     * <p>The settings of a {@code LettuceConnectionFactory} (hosts, SSL, credentials, topology) are used for a separate
     * connection of the store. From any other factory, a connection is borrowed for each call, on a few threads of the
     * store, and another one permanently as soon as a call may wait for a lease. If a factory decorates another one,
     * only the first connection shows whether the server is a cluster; until then a decision over several slots fails.
     *
     * @param connections the connection factory of the application; not closed by {@link #close()}
     * @param prefix the prefix of all keys: 1 to 32 letters, digits, dots, colons, dashes and underscores
     * @param timeout the deadline of a decision, 1 ms to 1 minute
     * @return the store
     * @throws IllegalArgumentException if the prefix or the timeout is invalid
     */
    public static RedisRateLimitStore create(RedisConnectionFactory connections, String prefix, Duration timeout) {
        RedisSettings settings = new RedisSettings(prefix, timeout);
        RedisScriptClient client = LETTUCE_PRESENT && LettuceScriptClient.serves(connections)
                ? LettuceScriptClient.of(connections, timeout)
                : SpringDataScriptClient.of(connections, timeout);
        return new RedisRateLimitStore(
                client, RateLimitScript.packaged(), new RedisKeys(settings.keyPrefix()), timeout);
    }

    @Override
    public String name() {
        return "redis";
    }

    /**
     * Returns the node of the key's slot. Without a cluster, and with clients other than Lettuce, the whole store is
     * one shard.
     */
    @Override
    public Object shard(Charge charge) {
        return client.isCluster() ? client.node(keys.key(charge)) : name();
    }

    /** {@return the number of values that this store did not write and that were replaced by full buckets} */
    public long healed() {
        return operations.healed();
    }

    /** {@return the number of refunds of cluster slots because another slot rejected or failed} */
    public long refunded() {
        return refunded.sum();
    }

    /**
     * Connects before the first decision, without blocking the caller. When it is connected, a warning is logged if the
     * server may evict keys when its memory is full.
     *
     * @return completes when there is a connection, or fails with a {@link StoreUnavailableException}; both may happen
     *     later than the timeout
     */
    public CompletionStage<Void> connect() {
        checkEviction();
        return client.connect()
                .<Void>thenApply(connection -> null)
                .exceptionallyCompose(failure -> CompletableFuture.failedFuture(unavailable(failure)));
    }

    /**
     * Connects to every node and loads the script before the first decision, without blocking the caller. Calls that
     * begin meanwhile wait for its end, and only then for an answer within the timeout.
     *
     * @param maxWait how long it may take
     */
    synchronized void warmUp(Duration maxWait) {
        if (!closed && warmUp == null) {
            warmUp = RedisWarmUp.begin(client, operations, keys, maxWait);
            checkEviction();
        }
    }

    /** Blocks until the warm-up has ended, if it was started. */
    void awaitWarmUp() {
        RedisWarmUp pending = warmUp;
        if (pending != null) {
            pending.ended().join();
        }
    }

    private synchronized void checkEviction() {
        if (!closed && eviction == null) {
            eviction = EvictionPolicyCheck.begin(client::open);
        }
    }

    @Override
    public Decision decide(List<Charge> charges, Duration maxWait) {
        awaitWarmUp();
        long deadline = System.nanoTime() + timeout.toNanos();
        return isOneCall(charges, maxWait)
                ? decision(charges, maxWait, await(operations.take(charges, maxWait, deadline)))
                : await(ask(charges, maxWait, deadline));
    }

    @Override
    public CompletionStage<Decision> decideAsync(List<Charge> charges, Duration maxWait) {
        RedisWarmUp pending = warmUp;
        if (pending != null && !pending.ended().isDone()) {
            return pending.ended().thenCompose(ended -> decideAsync(charges, maxWait));
        }
        long deadline = System.nanoTime() + timeout.toNanos();
        return isOneCall(charges, maxWait)
                ? operations.take(charges, maxWait, deadline).handle((reply, failure) -> {
                    if (failure != null) {
                        throw unavailable(failure);
                    }
                    return decision(charges, maxWait, reply);
                })
                : inTime(ask(charges, maxWait, deadline));
    }

    /** Returns whether one call of the script decides, which nothing must precede. */
    private boolean isOneCall(List<Charge> charges, Duration maxWait) {
        return maxWait.isZero() && (charges.size() == 1 || !client.isCluster());
    }

    private static Decision decision(List<Charge> charges, Duration maxWait, ScriptReply reply) {
        return Decision.of(charges, maxWait, reply.admitted(), reply.observations());
    }

    @Override
    public CompletionStage<Void> refund(Decision taken, List<Charge> unused) {
        return change(unused, (group, deadline) -> operations.refund(group, taken, deadline));
    }

    @Override
    public CompletionStage<Void> debit(Decision taken, List<Charge> more) {
        return change(more, operations::debit);
    }

    private CompletionStage<Void> change(
            List<Charge> charges, BiFunction<SlotCharges, Long, CompletableFuture<ScriptReply>> change) {
        long deadline = System.nanoTime() + timeout.toNanos();
        List<Charge> changing =
                charges.stream().filter(charge -> charge.cost() > 0).toList();
        if (changing.isEmpty()) {
            return CompletableFuture.completedFuture(null);
        }
        return inTime(CompletableFuture.allOf(groups(changing).stream()
                .map(group -> change.apply(group, deadline))
                .toArray(CompletableFuture[]::new)));
    }

    @Override
    public CompletionStage<List<LeaseState>> renew(List<Decision> decisions) {
        long deadline = System.nanoTime() + timeout.toNanos();
        List<Charge> leases = decisions.stream()
                .flatMap(decision -> decision.leases().stream())
                .toList();
        return leases.isEmpty()
                ? CompletableFuture.completedFuture(
                        decisions.stream().map(decision -> LeaseState.HELD).toList())
                : new RenewLeasesCall(decisions, operations)
                        .renew(groups(leases), deadline)
                        .exceptionallyCompose(failure -> CompletableFuture.failedFuture(unavailable(failure)));
    }

    /** Subscribes to the channel {@code prefix:ready}, in the background and on a connection of its own. */
    @Override
    public synchronized void onLeaseReady(LongConsumer listener) {
        if (!closed) {
            leaseNotifications =
                    LeaseNotifications.open(client::open, client::closeSubscriptions, keys.readyChannel(), listener);
        }
    }

    @Override
    public void reset(Limit limit, String key) {
        awaitWarmUp();
        await(client.delete(keys.key(limit.name(), key)));
    }

    /** Leaves the buckets to expire, because other nodes may have the limit still. */
    @Override
    public void limitRemoved(Limit limit) {
        operations.limitRemoved(limit);
    }

    @Override
    public synchronized void close() {
        closed = true;
        if (leaseNotifications != null) {
            leaseNotifications.close();
            leaseNotifications = null;
        }
        if (eviction != null) {
            eviction.close();
        }
        if (warmUp != null) {
            warmUp.close();
        }
        client.close();
    }

    private CompletableFuture<Decision> ask(List<Charge> charges, Duration maxWait, long deadline) {
        List<SlotCharges> groups = groups(charges);
        return groups.size() > 1
                ? new MultiSlotDecision(charges, groups, operations, refunded).decide(deadline)
                : subscribed(charges, maxWait)
                        .thenCompose(ready -> operations.take(charges, maxWait, deadline))
                        .thenApply(reply -> decision(charges, maxWait, reply));
    }

    /**
     * Completes when this store is subscribed to the leases that become free, if the call may wait for one: a lease
     * that became free before would only be noticed when the call polls. If the channel cannot be subscribed, calls do
     * not wait for it. While that is not known, they wait together, and once: for half the timeout.
     */
    private CompletableFuture<?> subscribed(List<Charge> charges, Duration maxWait) {
        LeaseNotifications notifications = leaseNotifications;
        return notifications == null || maxWait.isZero() || !Charge.anyLeased(charges)
                ? DONE
                : notifications.attempted(timeout.dividedBy(2));
    }

    private List<SlotCharges> groups(List<Charge> charges) {
        return client.isCluster() && charges.size() > 1
                ? SlotCharges.bySlot(charges, keys)
                : List.of(SlotCharges.of(charges, keys));
    }

    private <T> CompletableFuture<T> inTime(CompletableFuture<T> answer) {
        return answer.orTimeout(timeout.toNanos(), TimeUnit.NANOSECONDS)
                .exceptionallyCompose(failure -> CompletableFuture.failedFuture(unavailable(failure)));
    }

    /**
     * Waits for a reply. An interrupt does not end this short wait, because an interrupted call would otherwise bypass
     * a shared limit.
     */
    private <T> T await(CompletableFuture<T> reply) {
        long deadline = System.nanoTime() + timeout.toNanos();
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    return reply.get(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
                } catch (InterruptedException ex) {
                    interrupted = true;
                }
            }
        } catch (ExecutionException | TimeoutException ex) {
            throw unavailable(ex);
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private StoreUnavailableException unavailable(Throwable failure) {
        boolean wrapped = failure instanceof ExecutionException || failure instanceof CompletionException;
        return RedisErrorClassifier.unavailable(
                wrapped && failure.getCause() != null ? failure.getCause() : failure, timeout);
    }
}
