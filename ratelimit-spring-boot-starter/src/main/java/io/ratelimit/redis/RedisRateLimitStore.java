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
 * Buckets on a Redis server, Sentinel group or Cluster, shared by all nodes of an application, on the server's clock.
 *
 * <pre>{@code
 * RedisRateLimitStore store = RedisRateLimitStore.create(connectionFactory, "ratelimit", Duration.ofMillis(250));
 * RateLimiter limiter = new RateLimiterRegistry(store, List.of()).define(Limit.of("search", "10/s"));
 * }</pre>
 *
 * <p>A decision is one script call, whatever the number of its rates and limits, and is answered or given up within the
 * timeout. It executes at most once. While there is no connection, calls fail at once and a connection is looked for in the
 * background; the first call waits for it, at most the timeout.
 *
 * <p><b>Cluster.</b> All buckets of one key are in one slot. A decision over several slots asks one after the other, the
 * buckets that all keys share last, and gives back what was taken if one refuses; until then others see those tokens
 * taken. The slots that were not asked yet are then read, for the readings. It reserves nothing and queues for no lease,
 * whatever the longest wait: only what fits now is taken.
 *
 * <p><b>Leases.</b> Who queues for a lease hears of its turn on the channel {@code prefix:ready}, to which the store subscribes
 * once a call may queue. A user of the server who may not use the channel ({@code &prefix:ready} in its ACL) loses nothing but
 * time: whoever queues asks twice a second all the same.
 */
public final class RedisRateLimitStore implements RateLimitStore {

    private static final boolean LETTUCE_PRESENT =
            ClassUtils.isPresent("io.lettuce.core.RedisClient", RedisRateLimitStore.class.getClassLoader());

    private final RedisScriptClient client;
    private final ScriptOperations operations;
    private final RedisKeys keys;
    private final Duration timeout;
    private final LongAdder refunded = new LongAdder();
    private @Nullable LeaseNotifications leaseNotifications;
    private @Nullable EvictionPolicyCheck eviction;
    private boolean closed;

    RedisRateLimitStore(RedisScriptClient client, String lua, RedisKeys keys, Duration timeout) {
        this.client = client;
        this.operations = new ScriptOperations(client, new RateLimitScript(client, lua), keys);
        this.keys = keys;
        this.timeout = timeout;
    }

    /**
     * A store. It connects when it is first asked, so it can be made while Redis is down.
     *
     * <p>From a {@code LettuceConnectionFactory} it takes the settings (hosts, SSL, credentials, topology) for a connection
     * of its own. With any other it borrows connections for each call, on a few threads of its own, and one for good once a
     * call may queue for a lease. That a factory that decorates another is one of a cluster is known from the first connection
     * on that it lends; until then a decision over several slots fails.
     *
     * @param connections the application's own; left open by {@link #close()}
     * @param prefix what keys begin with: 1 to 32 letters, digits, dots, colons, dashes and underscores
     * @param timeout how long a decision may take from the call on, 1 ms to 1 minute
     * @return the store
     * @throws InvalidRedisSettingException if the prefix or the timeout is wrong
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

    /** The node that has the key's slot; where there is no cluster, and with clients other than Lettuce, the whole store. */
    @Override
    public Object shard(Charge charge) {
        return client.isCluster() ? client.node(keys.key(charge)) : name();
    }

    /** {@return how many values under keys of this store were not its own and were replaced by a full bucket} */
    public long healed() {
        return operations.healed();
    }

    /** {@return how many times a cluster slot got its tokens back because another slot refused or failed} */
    public long refunded() {
        return refunded.sum();
    }

    /**
     * Looks for the server before the first decision does, without blocking the caller. Once it is found, a line in the log
     * warns if it may drop keys when its memory is full.
     *
     * @return completes when there is a connection, or with a {@link StoreUnavailableException}; that may take longer than
     *     the timeout
     */
    public CompletionStage<Void> connect() {
        checkEviction();
        return client.connect()
                .<Void>thenApply(connection -> null)
                .exceptionallyCompose(failure -> CompletableFuture.failedFuture(unavailable(failure)));
    }

    private synchronized void checkEviction() {
        if (!closed && eviction == null) {
            eviction = EvictionPolicyCheck.begin(client::open);
        }
    }

    @Override
    public Decision decide(List<Charge> charges, Duration maxWait) {
        long deadline = System.nanoTime() + timeout.toNanos();
        return isAlone(charges, maxWait)
                ? decision(charges, maxWait, await(operations.take(charges.get(0), deadline)))
                : await(ask(charges, maxWait, deadline));
    }

    @Override
    public CompletionStage<Decision> decideAsync(List<Charge> charges, Duration maxWait) {
        long deadline = System.nanoTime() + timeout.toNanos();
        return isAlone(charges, maxWait)
                ? operations.take(charges.get(0), deadline).handle((reply, failure) -> {
                    if (failure != null) {
                        throw unavailable(failure);
                    }
                    return decision(charges, maxWait, reply);
                })
                : inTime(ask(charges, maxWait, deadline));
    }

    private static boolean isAlone(List<Charge> charges, Duration maxWait) {
        return charges.size() == 1 && maxWait.isZero();
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

    /** Listens on the channel {@code prefix:ready} from now on, in the background and on a connection of its own. */
    @Override
    public synchronized void onLeaseReady(LongConsumer listener) {
        if (!closed) {
            leaseNotifications = LeaseNotifications.open(client::open, keys.readyChannel(), listener);
        }
    }

    @Override
    public void reset(Limit limit, String key) {
        await(client.delete(keys.key(limit.name(), key)));
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
        client.close();
    }

    private CompletableFuture<Decision> ask(List<Charge> charges, Duration maxWait, long deadline) {
        List<SlotCharges> groups = groups(charges);
        return groups.size() > 1
                ? new MultiSlotDecision(charges, groups, operations, refunded).decide(deadline)
                : operations
                        .take(groups.get(0), maxWait, deadline)
                        .thenApply(reply -> decision(charges, maxWait, reply));
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

    /** An interrupt does not end the wait, which is short: whoever is interrupted would else be free of a shared limit. */
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
