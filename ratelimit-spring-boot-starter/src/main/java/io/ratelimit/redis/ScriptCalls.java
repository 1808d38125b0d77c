package io.ratelimit.redis;

import io.ratelimit.Decision;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Function;

/**
 * The things that the script does to a group of charges: take, read, give back, owe, renew.
 *
 * <p>One call each. Only where windows of a calendar are asked for and the server's time is not what was thought, or a grant is
 * far away, a second call tells the windows that the first one missed; a call that misses one changes nothing.
 */
final class ScriptCalls {

    private final BucketScript script;
    private final ServerTime time = new ServerTime();
    private final LongAdder healed = new LongAdder();

    ScriptCalls(BucketScript script) {
        this.script = script;
    }

    /** How many values were not ours. */
    long healed() {
        return healed.sum();
    }

    CompletableFuture<BucketReply> take(SlotGroup group, Duration maxWait, long deadline) {
        Duration promised = Decision.promised(group.charges(), maxWait);
        return run(
                group,
                windows -> promised.equals(maxWait) ? group.taking(promised, windows) : group.queueing(windows),
                windows(promised),
                deadline);
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
        return CalendarWindows.around(time.millis(), maxWait.toMillis());
    }

    private CompletableFuture<BucketReply> run(
            SlotGroup group, Function<CalendarWindows, byte[][]> args, CalendarWindows windows, long deadline) {
        return script.run(group.redisKeys(), args.apply(windows), deadline).thenCompose(answer -> {
            BucketReply reply = BucketReply.of(answer);
            time.told(reply.millis());
            if (reply.outcome() != BucketReply.UNTOLD) {
                healed.add(reply.healed());
                return CompletableFuture.completedFuture(reply);
            }
            return System.nanoTime() < deadline
                    ? run(group, args, windows.with(reply.millis(), reply.numbers()[0]), deadline)
                    : CompletableFuture.failedFuture(new TimeoutException());
        });
    }
}
