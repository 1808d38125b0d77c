package io.ratelimit.redis;

import io.ratelimit.Charge;
import io.ratelimit.Decision;
import io.ratelimit.Limit;
import java.time.Duration;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Prepares a store for its first decision, in the background: connects to every node, and loads the script and the
 * classes of a decision. On a slow machine this takes longer than the timeout of a decision.
 *
 * <p>It ends when every node has answered a decision that consumes nothing, when a server cannot be reached or answers
 * an error, or when somebody has waited for it for the maximum wait. A server that has not answered in time is asked
 * again until then. The time before anybody waits is not counted: the warm-up uses it, and delays nothing.
 */
final class RedisWarmUp implements AutoCloseable {

    private static final Limit WARM_UP = Limit.of("warm-up", "1/s");
    private static final int KEYS = 1_000;
    private static final long BETWEEN_ATTEMPTS_MILLIS = 20;
    private static final long LONGEST_ATTEMPT_NANOS = 10_000_000_000L;

    private final RedisScriptClient client;
    private final ScriptOperations operations;
    private final RedisKeys keys;
    private final Duration maxWait;
    private final AtomicBoolean awaited = new AtomicBoolean();
    private final CompletableFuture<Void> ended = new CompletableFuture<>();
    private final Thread thread = new Thread(this::run, "ratelimit-redis-warm-up");

    private RedisWarmUp(RedisScriptClient client, ScriptOperations operations, RedisKeys keys, Duration maxWait) {
        this.client = client;
        this.operations = operations;
        this.keys = keys;
        this.maxWait = maxWait;
        thread.setDaemon(true);
    }

    /**
     * Starts the warm-up.
     *
     * @param maxWait how long it may take from the first call of {@link #ended}; zero or more
     */
    static RedisWarmUp begin(RedisScriptClient client, ScriptOperations operations, RedisKeys keys, Duration maxWait) {
        RedisWarmUp warmUp = new RedisWarmUp(client, operations, keys, maxWait);
        warmUp.thread.start();
        return warmUp;
    }

    /** Returns a future that completes when the warm-up has ended, and never fails. */
    CompletableFuture<Void> ended() {
        if (!ended.isDone() && awaited.compareAndSet(false, true)) {
            ended.completeOnTimeout(null, maxWait.toNanos(), TimeUnit.NANOSECONDS);
        }
        return ended;
    }

    @Override
    public void close() {
        thread.interrupt();
        ended.complete(null);
    }

    private void run() {
        try {
            while (!isDecided() && !ended.isDone()) {
                Thread.sleep(BETWEEN_ATTEMPTS_MILLIS);
            }
        } catch (InterruptedException ex) {
            // The store is closed.
        } finally {
            ended.complete(null);
        }
    }

    /** Returns whether no further attempt can help: each node has decided, or the failure was not a timeout. */
    private boolean isDecided() throws InterruptedException {
        try {
            decideOnEachNode();
            return true;
        } catch (ExecutionException | TimeoutException ex) {
            return !RedisErrorClassifier.isTimeout(ex);
        }
    }

    private void decideOnEachNode() throws InterruptedException, ExecutionException, TimeoutException {
        long deadline = System.nanoTime() + LONGEST_ATTEMPT_NANOS;
        answer(client.connect(), deadline);
        for (Charge charge : oneOfEachNode()) {
            List<Charge> alone = List.of(charge);
            for (Duration wait : List.of(Duration.ZERO, Duration.ofMillis(1))) {
                decision(alone, wait, answer(operations.take(alone, wait, deadline), deadline));
            }
        }
    }

    /** Returns charges of enough keys that each node of a cluster has one. */
    private Collection<Charge> oneOfEachNode() {
        Map<Object, Charge> charges = new LinkedHashMap<>();
        for (int i = 0; i < (client.isCluster() ? KEYS : 1); i++) {
            Charge charge = new Charge(WARM_UP, "key-" + i, 0);
            charges.putIfAbsent(client.node(keys.key(charge)), charge);
        }
        return charges.values();
    }

    private static void decision(List<Charge> charges, Duration maxWait, ScriptReply reply) {
        Decision.of(charges, maxWait, reply.admitted(), reply.observations());
    }

    private static <T> T answer(CompletableFuture<T> pending, long deadline)
            throws InterruptedException, ExecutionException, TimeoutException {
        return pending.get(Math.max(0, deadline - System.nanoTime()), TimeUnit.NANOSECONDS);
    }
}
