package io.ratelimit.redis;

import io.ratelimit.Charge;
import io.ratelimit.Decision;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The things that the script does to a group of charges: take, read, give back, owe, renew.
 *
 * <p>One decision of a script call each. Only where windows of a calendar are asked for and the server's time is not what was
 * thought, or a grant is far away, a second one tells the windows that the first one missed; one that misses any changes
 * nothing.
 */
final class ScriptOperations {

    private static final Object ONLY_NODE = "only";

    private final RedisDriver driver;
    private final BucketScript script;
    private final RedisKeys keys;
    private final ConcurrentMap<Object, DecisionQueue> queues = new ConcurrentHashMap<>();
    private final ConcurrentMap<String, SmoothRate> rates = new ConcurrentHashMap<>();

    ScriptOperations(RedisDriver driver, BucketScript script, RedisKeys keys) {
        this.driver = driver;
        this.script = script;
        this.keys = keys;
    }

    /** How many values were not ours. */
    long healed() {
        return script.healed();
    }

    CompletableFuture<BucketReply> take(SlotGroup group, Duration maxWait, long deadline) {
        Duration promised = Decision.promised(group.charges(), maxWait);
        return run(
                group,
                windows -> promised.equals(maxWait) ? group.taking(promised, windows) : group.queueing(windows),
                windows(promised),
                deadline);
    }

    /** {@link #take(SlotGroup, Duration, long)} of a single charge without a wait. */
    CompletableFuture<BucketReply> take(Charge charge, long deadline) {
        SmoothRate rate = rate(charge);
        return rate == null
                ? take(SlotGroup.of(List.of(charge), keys), Duration.ZERO, deadline)
                : ask(Request.of(keys, charge, rate, deadline));
    }

    private @Nullable SmoothRate rate(Charge charge) {
        String name = charge.limit().name();
        SmoothRate known = rates.get(name);
        if (known != null && known.isOf(charge.limit())) {
            return known;
        }
        SmoothRate made = SmoothRate.of(charge);
        if (made != null) {
            rates.put(name, made);
        }
        return made;
    }

    CompletableFuture<BucketReply> read(SlotGroup group, long deadline) {
        return run(group, group::reading, windows(Duration.ZERO), deadline);
    }

    CompletableFuture<BucketReply> giveBack(SlotGroup group, Decision taken, long deadline) {
        return run(group, windows -> group.returning(taken, windows), windows(Duration.ZERO), deadline);
    }

    CompletableFuture<BucketReply> owe(SlotGroup group, long deadline) {
        return run(group, group::owing, windows(Duration.ZERO), deadline);
    }

    CompletableFuture<BucketReply> renew(SlotGroup group, long deadline) {
        return run(group, group::renewing, windows(Duration.ZERO), deadline);
    }

    private CalendarWindows windows(Duration maxWait) {
        return CalendarWindows.around(script.millis(), maxWait.toMillis());
    }

    private CompletableFuture<BucketReply> run(
            SlotGroup group, Function<CalendarWindows, byte[][]> arguments, CalendarWindows windows, long deadline) {
        CompletableFuture<BucketReply> answer = ask(Request.of(group.redisKeys(), arguments.apply(windows), deadline));
        return answer.thenCompose(reply -> {
            if (reply.outcome() != BucketReply.UNTOLD) {
                return answer;
            }
            return System.nanoTime() < deadline
                    ? run(group, arguments, windows.with(reply.millis(), reply.numbers()[0]), deadline)
                    : CompletableFuture.failedFuture(new TimeoutException());
        });
    }

    private CompletableFuture<BucketReply> ask(Request request) {
        Object node = driver.isCluster() ? driver.node(request.keys()[0]) : ONLY_NODE;
        DecisionQueue queue = queues.get(node);
        if (queue == null) {
            queue = queues.computeIfAbsent(node, first -> new DecisionQueue(script, driver::isCluster));
        }
        queue.add(request);
        return request.reply();
    }
}
