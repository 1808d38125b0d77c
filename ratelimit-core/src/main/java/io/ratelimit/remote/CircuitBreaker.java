package io.ratelimit.remote;

import io.ratelimit.Charge;
import io.ratelimit.RateLimitStore;
import io.ratelimit.TimeoutScheduler;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.stream.Collectors;

/**
 * A circuit breaker for each shard of a store. Five consecutive failures open the circuit of a shard, because each may
 * have cost its caller a timeout; an answer to a probe closes it.
 *
 * <p>Every shard that failed is probed, even if its circuit is still closed: a call after a failover may go to a shard
 * of another name, such as that of the promoted replica, and would never clear the failure of the old one.
 *
 * <p>A failed call over several shards does not tell which of them failed. It is counted for none of them; each of them
 * is probed, and only a failed probe is counted.
 */
final class CircuitBreaker {

    private final RateLimitStore store;
    private final Runnable onRecovery;
    private final TimeoutScheduler scheduler;
    private final ConcurrentMap<Object, ShardCircuit> failing = new ConcurrentHashMap<>();

    /**
     * Creates a breaker whose circuits are closed.
     *
     * @param scheduler runs the probes
     * @param onRecovery called when the last failing shard has answered a probe
     */
    CircuitBreaker(RateLimitStore store, TimeoutScheduler scheduler, Runnable onRecovery) {
        this.store = store;
        this.scheduler = scheduler;
        this.onRecovery = onRecovery;
    }

    /** Returns whether the circuit of a shard that keeps one of the charges is open. */
    boolean isOpen(List<Charge> charges) {
        if (failing.isEmpty()) {
            return false;
        }
        for (Charge charge : charges) {
            ShardCircuit shard = failing.get(store.shard(charge));
            if (shard != null && shard.isOpen()) {
                return true;
            }
        }
        return false;
    }

    /** Returns whether no shard is failing: each answered when it was last called. */
    boolean isWell() {
        return failing.isEmpty();
    }

    /** Clears the failures of the shards that answered. */
    void answered(List<Charge> charges) {
        if (!failing.isEmpty()) {
            for (Charge charge : charges) {
                ShardCircuit shard = failing.remove(store.shard(charge));
                if (shard != null) {
                    shard.end();
                }
            }
        }
    }

    /** Counts a failed call. */
    void failed(List<Charge> charges) {
        Map<Object, List<Charge>> byShard = charges.stream().collect(Collectors.groupingBy(store::shard));
        byShard.forEach((name, own) -> {
            ShardCircuit shard = failing.computeIfAbsent(
                    name, absent -> new ShardCircuit(store, scheduler, recovered -> recovered(name, recovered)));
            if (byShard.size() == 1) {
                shard.failed(own);
            } else {
                shard.suspect(own);
            }
        });
    }

    private void recovered(Object name, ShardCircuit shard) {
        failing.remove(name, shard);
        shard.end();
        if (isWell()) {
            onRecovery.run();
        }
    }
}
