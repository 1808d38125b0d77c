package io.ratelimit.memory;

import io.ratelimit.Limit;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The buckets of each limit by its name, from the first charge of the limit until it is removed. */
final class BucketsByLimit {

    private final ConcurrentMap<String, LimitBuckets> limits = new ConcurrentHashMap<>();
    private final RateConfiguration.Pool configurations = new RateConfiguration.Pool();
    private final BucketMap buckets;
    private final CapacityEviction eviction;
    private final StoreClock clock;

    BucketsByLimit(BucketMap buckets, CapacityEviction eviction, StoreClock clock) {
        this.buckets = buckets;
        this.eviction = eviction;
        this.clock = clock;
    }

    /** Returns the buckets of a limit. If the limit was removed, they are new, full, and kept for this call only. */
    LimitBuckets of(Limit limit) {
        LimitBuckets known = limits.get(limit.name());
        if (known == null) {
            known = limits.computeIfAbsent(limit.name(), new Creation(limit));
        }
        return known != null && !limit.isRemoved() ? known : create(limit).forLateCall();
    }

    /** Ends the use of the buckets of a limit that was removed. They stay in the map of all buckets until a sweep. */
    void remove(Limit limit) {
        // In one step, so that no concurrent call defines the limit anew before its earlier buckets are out of use.
        // And written even without an entry, so that a first call of the limit that comes later sees its mark.
        limits.compute(limit.name(), (name, removed) -> {
            if (removed != null) {
                removed.remove();
            }
            return null;
        });
    }

    /** Deletes all full buckets, and those of limits that were removed. */
    void sweep() {
        limits.values().forEach(LimitBuckets::sweepShared);
        for (Bucket bucket : buckets) {
            LimitBuckets ofLimit = limits.get(bucket.layout.limit.name());
            if (ofLimit != null && ofLimit.owns(bucket)) {
                ofLimit.sweep(bucket);
            } else {
                eviction.deleteIfLimitRemoved(bucket);
            }
        }
    }

    private LimitBuckets create(Limit limit) {
        return new LimitBuckets(limit, buckets, eviction, configurations, clock);
    }

    /**
     * Creates the buckets of a limit, unless it was removed. A class, because the first lambda of a JVM takes
     * milliseconds.
     */
    private final class Creation implements Function<String, @Nullable LimitBuckets> {

        private final Limit limit;

        Creation(Limit limit) {
            this.limit = limit;
        }

        @Override
        public @Nullable LimitBuckets apply(String name) {
            return limit.isRemoved() ? null : create(limit);
        }
    }
}
