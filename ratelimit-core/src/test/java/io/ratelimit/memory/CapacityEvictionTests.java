package io.ratelimit.memory;

import static org.assertj.core.api.Assertions.assertThat;

import io.ratelimit.Limit;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class CapacityEvictionTests {

    private static final Limit TEN = Limit.of("ten", "10/s");

    @Test
    void theSharedBucketsOfAllLimitsAreBounded() {
        CapacityEviction eviction = new CapacityEviction(10_000, new BucketMap(), StoreClock.of(() -> 0));
        assertThat(eviction.claimShared(1_024)).isEqualTo(1_024);
        assertThat(eviction.claimShared(1_024)).isEqualTo(738);
        int claimed = 0;
        for (int i = 0; i < 100; i++) {
            claimed += eviction.claimShared(1_024);
        }
        assertThat(claimed).isBetween(738, 738 + 100 * 16);
        eviction.releaseShared(claimed - 738);
        eviction.releaseShared(2_048);
        assertThat(eviction.claimShared(1_024)).isGreaterThan(900);
    }

    /** Otherwise a call that meets the removed bucket would look up its key in vain until the removal ends. */
    @Test
    void aBucketLeavesTheMapBeforeItIsGone() {
        BucketMap buckets = new BucketMap();
        CapacityEviction eviction = new CapacityEviction(10, buckets, StoreClock.of(() -> 0));
        BucketLayout layout =
                new LimitBuckets(TEN, buckets, eviction, new RateConfiguration.Pool(), StoreClock.of(() -> 0)).layout();
        CompletableFuture<Void> removals = CompletableFuture.runAsync(() -> {
            for (int i = 0; i < 1_000_000; i++) {
                Bucket bucket = Bucket.lockedFull("key", layout);
                buckets.putIfAbsent(bucket);
                eviction.remove(bucket);
            }
        });

        int foundWhenGone = 0;
        while (!removals.isDone()) {
            Bucket bucket = buckets.get(TEN, "key");
            if (bucket != null && bucket.word() == Bucket.GONE && buckets.get(TEN, "key") == bucket) {
                foundWhenGone++;
            }
        }
        removals.join();
        assertThat(foundWhenGone).isZero();
    }
}
