package io.ratelimit.benchmarks;

import io.github.bucket4j.Bucket;
import io.github.bucket4j.local.LocalBucketBuilder;
import io.github.bucket4j.local.SynchronizationStrategy;

/** Buckets of Bucket4j with the same rates as ours. */
final class Bucket4jBuckets {

    private Bucket4jBuckets() {}

    /** Creates a bucket with its default, lock-free strategy. */
    static Bucket create(BenchmarkLimit limit, int bandwidths) {
        return create(limit, bandwidths, SynchronizationStrategy.LOCK_FREE);
    }

    /** Creates a bucket whose bandwidths are the limit's {@linkplain BenchmarkLimit#rate(int) rates}. */
    static Bucket create(BenchmarkLimit limit, int bandwidths, SynchronizationStrategy strategy) {
        LocalBucketBuilder bucket = Bucket.builder().withNanosecondPrecision().withSynchronizationStrategy(strategy);
        for (int i = 1; i <= bandwidths; i++) {
            int times = i;
            bucket.addLimit(bandwidth -> bandwidth
                    .capacity(limit.capacity * times)
                    .refillGreedy(limit.refill, limit.period.multipliedBy(times)));
        }
        return bucket.build();
    }
}
