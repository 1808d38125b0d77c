package io.ratelimit.redis;

import io.ratelimit.Charge;
import io.ratelimit.Decision;
import io.ratelimit.Limit;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The operations of the script on a group of charges: take, queue, read, refund, debit and renew.
 *
 * <p>Each operation is one script call. Only for limits with calendar windows there may be a second call, if the
 * server's time was estimated wrongly or a grant is far in the future: it adds the windows that the first call missed.
 * A call that misses a window changes nothing.
 */
final class ScriptOperations {

    private static final Object ONLY_NODE = "only";

    private final RedisScriptClient client;
    private final RateLimitScript script;
    private final RedisKeys keys;
    private final ConcurrentMap<Object, BatchingQueue> queues = new ConcurrentHashMap<>();
    private final ConcurrentMap<String, PackedLimit> limits = new ConcurrentHashMap<>();

    ScriptOperations(RedisScriptClient client, RateLimitScript script, RedisKeys keys) {
        this.client = client;
        this.script = script;
        this.keys = keys;
    }

    /** Returns the number of stored values that this script did not write. */
    long healed() {
        return script.healed();
    }

    /** Takes charges that one script call can decide together, if all fit within the wait. */
    CompletableFuture<ScriptReply> take(List<Charge> charges, Duration maxWait, long deadline) {
        PackedCharges packed = maxWait.isZero() ? PackedCharges.of(charges, this::packed) : null;
        return packed == null
                ? takeInFull(SlotCharges.of(charges, keys), maxWait, deadline)
                : ask(ScriptRequest.of(keys, charges, packed, deadline));
    }

    private CompletableFuture<ScriptReply> takeInFull(SlotCharges group, Duration maxWait, long deadline) {
        Duration reservation = Decision.maxReservation(group.charges(), maxWait);
        return run(
                group,
                windows -> reservation.equals(maxWait)
                        ? group.takeArguments(reservation, windows)
                        : group.queueArguments(windows),
                windows(reservation),
                deadline);
    }

    private @Nullable PackedLimit packed(Charge charge) {
        String name = charge.limit().name();
        PackedLimit known = limits.get(name);
        if (known != null && known.isOf(charge.limit())) {
            return known;
        }
        PackedLimit made = PackedLimit.of(charge.limit());
        if (made != null) {
            // A call that is on its way while its limit is removed leaves nothing behind.
            limits.compute(name, (same, before) -> charge.limit().isRemoved() ? before : made);
        }
        return made;
    }

    /** Frees the packed form of a limit that was removed. */
    void limitRemoved(Limit limit) {
        // Not remove, which does not make a later first call see that the limit was removed.
        limits.compute(limit.name(), (name, before) -> null);
    }

    CompletableFuture<ScriptReply> read(SlotCharges group, long deadline) {
        return run(group, group::readArguments, windows(Duration.ZERO), deadline);
    }

    CompletableFuture<ScriptReply> refund(SlotCharges group, Decision taken, long deadline) {
        return run(group, windows -> group.refundArguments(taken, windows), windows(Duration.ZERO), deadline);
    }

    CompletableFuture<ScriptReply> debit(SlotCharges group, long deadline) {
        return run(group, group::debitArguments, windows(Duration.ZERO), deadline);
    }

    CompletableFuture<ScriptReply> renew(SlotCharges group, long deadline) {
        return run(group, group::renewArguments, windows(Duration.ZERO), deadline);
    }

    private CalendarWindowRange windows(Duration maxWait) {
        return CalendarWindowRange.around(script.millis(), maxWait.toMillis());
    }

    private CompletableFuture<ScriptReply> run(
            SlotCharges group,
            Function<CalendarWindowRange, byte[][]> arguments,
            CalendarWindowRange windows,
            long deadline) {
        CompletableFuture<ScriptReply> answer =
                ask(ScriptRequest.of(group.redisKeys(), arguments.apply(windows), deadline));
        return answer.thenCompose(reply -> {
            if (reply.outcome() != ScriptReply.WINDOW_MISSING) {
                return answer;
            }
            return System.nanoTime() < deadline
                    ? run(group, arguments, windows.with(reply.millis(), reply.numbers()[0]), deadline)
                    : CompletableFuture.failedFuture(new TimeoutException());
        });
    }

    private CompletableFuture<ScriptReply> ask(ScriptRequest request) {
        Object node = client.isCluster() ? client.node(request.keys()[0]) : ONLY_NODE;
        BatchingQueue queue = queues.get(node);
        if (queue == null) {
            queue = queues.computeIfAbsent(node, first -> new BatchingQueue(script, client::isCluster));
        }
        queue.add(request);
        return request.reply();
    }
}
