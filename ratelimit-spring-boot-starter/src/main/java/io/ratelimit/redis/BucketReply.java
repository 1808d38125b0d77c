package io.ratelimit.redis;

import java.util.List;
import java.util.concurrent.atomic.LongAdder;

/**
 * What the script answered.
 *
 * @param admitted whether all charges were taken
 * @param levels two numbers for each rate, as {@link io.ratelimit.Decision#of} wants them
 */
record BucketReply(boolean admitted, long[] levels) {

    private static final int HEAD = 2;

    static BucketReply of(List<Long> reply, LongAdder healed) {
        healed.add(reply.get(1));
        long[] levels = new long[reply.size() - HEAD];
        for (int i = 0; i < levels.length; i++) {
            levels[i] = reply.get(HEAD + i);
        }
        return new BucketReply(reply.get(0) == 1, levels);
    }
}
