package io.ratelimit.redis;

import io.ratelimit.Charge;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A request for one decision.
 *
 * @param naming creates the keys, one for each charge; equal requests are sent with the keys of the first
 * @param arguments a full entry of the script; empty if the charges are packed
 * @param charges the charges to take at once or not at all, if they are packed; otherwise empty
 * @param packed the limits and costs of these charges; null if the request is sent as a full entry
 * @param deadline the instant of {@link System#nanoTime()} from which on the request is not sent
 * @param reply completed with the reply of the script
 */
record ScriptRequest(
        Supplier<byte[][]> naming,
        byte[][] arguments,
        List<Charge> charges,
        @Nullable PackedCharges packed,
        long deadline,
        CompletableFuture<ScriptReply> reply) {

    private static final byte[][] NONE = {};

    /** Creates a request that is sent as a full entry. */
    static ScriptRequest of(byte[][] keys, byte[][] arguments, long deadline) {
        return new ScriptRequest(() -> keys, arguments, List.of(), null, deadline, new CompletableFuture<>());
    }

    /** Creates a request that takes charges at once or not at all. */
    static ScriptRequest of(RedisKeys names, List<Charge> charges, PackedCharges packed, long deadline) {
        return new ScriptRequest(
                () -> charges.stream().map(names::key).toArray(byte[][]::new),
                NONE,
                charges,
                packed,
                deadline,
                new CompletableFuture<>());
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
