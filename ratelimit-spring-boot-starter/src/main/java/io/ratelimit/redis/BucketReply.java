package io.ratelimit.redis;

import java.util.List;

/**
 * What the script answered.
 *
 * @param outcome {@link #ADMITTED}, {@link #REFUSED} or {@link #UNTOLD}
 * @param healed how many values were not ours
 * @param millis the server's time
 * @param numbers those seen of each rate, as {@link io.ratelimit.Decision#of} wants them; of a renewal, the state of each
 *     lease, as an ordinal of {@link io.ratelimit.LeaseState}; if untold, the instant whose window the script missed
 */
record BucketReply(long outcome, long healed, long millis, long[] numbers) {

    static final long REFUSED = 0;
    static final long ADMITTED = 1;
    static final long UNTOLD = 2;

    private static final int HEAD = 3;

    static BucketReply of(List<Long> reply) {
        long[] numbers = new long[reply.size() - HEAD];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = reply.get(HEAD + i);
        }
        return new BucketReply(reply.get(0), reply.get(1), reply.get(2), numbers);
    }

    boolean admitted() {
        return outcome == ADMITTED;
    }
}
