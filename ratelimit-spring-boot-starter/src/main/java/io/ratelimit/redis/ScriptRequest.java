package io.ratelimit.redis;

import io.ratelimit.Charge;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One decision that the script is to make, and who waits for it.
 *
 * @param naming makes the keys, one for each charge; those of one bucket travel together, with the key of the first
 * @param arguments an entry of the script; empty if there is a rate
 * @param charge to be taken now or not at all, by the rate; null for any other decision
 * @param rate of the charge
 * @param deadline an instant of nanoTime, from which on it is not sent, and nobody waits
 * @param reply what the script answers
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

    /** Takes a charge now, or not at all. */
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
