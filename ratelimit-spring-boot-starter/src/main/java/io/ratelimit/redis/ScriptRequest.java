package io.ratelimit.redis;

import io.ratelimit.Charge;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A request for one decision.
 *
 * @param naming creates the keys, one for each charge; requests of the same bucket are sent with the keys of the first
 * @param arguments an entry of the script; empty if there is a rate
 * @param charge the charge to take at once or not at all, under the rate; null for any other decision
 * @param rate the rate of the charge
 * @param deadline the instant of {@link System#nanoTime()} from which on the request is not sent
 * @param reply completed with the reply of the script
 */
record ScriptRequest(
        Supplier<byte[][]> naming,
        byte[][] arguments,
        @Nullable Charge charge,
        @Nullable TokenBucketArguments rate,
        long deadline,
        CompletableFuture<ScriptReply> reply) {

    private static final byte[][] NONE = {};

    static ScriptRequest of(byte[][] keys, byte[][] arguments, long deadline) {
        return new ScriptRequest(() -> keys, arguments, null, null, deadline, new CompletableFuture<>());
    }

    /** Creates a request that takes a charge at once or not at all. */
    static ScriptRequest of(RedisKeys names, Charge charge, TokenBucketArguments rate, long deadline) {
        return new ScriptRequest(
                () -> new byte[][] {names.key(charge)}, NONE, charge, rate, deadline, new CompletableFuture<>());
    }

    byte[][] keys() {
        return naming.get();
    }

    boolean isWanted(long now) {
        return now - deadline < 0 && !reply.isDone();
    }

    void expire() {
        reply.completeExceptionally(new TimeoutException());
    }
}
