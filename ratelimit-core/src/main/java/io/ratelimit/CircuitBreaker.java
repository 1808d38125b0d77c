package io.ratelimit;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.stream.Collectors;

/**
 * Says whether a store is worth asking, shard by shard. One that has failed five times in a row, each of which may have cost
 * its caller a deadline, is not, until it answers a probe. Every shard that failed is probed, because it may be known by
 * another name when it is asked again, such as that of the node that took over.
 *
 * <p>A call over several shards does not tell which of them failed: each is probed for itself, and what the probes find counts.
 */
final class CircuitBreaker implements AutoCloseable {

    private final RateLimitStore store;
    private final Runnable well;
    private final TimeoutScheduler scheduler = new TimeoutScheduler();
    private final ConcurrentMap<Object, ShardCircuit> failing = new ConcurrentHashMap<>();

    /**
     * Closed for all shards.
     *
     * @param well told when the last shard that failed answers a probe
     */
    CircuitBreaker(RateLimitStore store, Runnable well) {
        this.store = store;
        this.well = well;
    }

    /** Whether callers had better not ask. */
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

    /** Whether every shard answered when it was last asked. */
    boolean isWell() {
        return failing.isEmpty();
    }

    /** Forgets the failures of the shards that answered. */
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

    /** Counts a failure. */
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
            well.run();
        }
    }

    @Override
    public void close() {
        scheduler.close();
    }
}
