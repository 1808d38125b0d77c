package io.ratelimit.redis;

import io.ratelimit.Charge;
import io.ratelimit.Decision;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * One decision over several cluster slots: taken slot by slot, and given back if one of them refuses or fails. After a
 * refusal the slots that were not asked yet are read, so that its readings are those of all buckets.
 */
final class SpreadDecision {

    private final List<Charge> charges;
    private final List<SlotGroup> groups;
    private final BucketScript script;
    private final LongAdder healed;
    private final LongAdder givenBack;
    private final Map<Charge, long[]> levels = new IdentityHashMap<>();

    SpreadDecision(
            List<Charge> charges, List<SlotGroup> groups, BucketScript script, LongAdder healed, LongAdder givenBack) {
        this.charges = charges;
        this.groups = groups;
        this.script = script;
        this.healed = healed;
        this.givenBack = givenBack;
    }

    CompletableFuture<Decision> decide(long deadline) {
        return decideFrom(0, deadline);
    }

    private CompletableFuture<Decision> decideFrom(int index, long deadline) {
        if (index == groups.size()) {
            return CompletableFuture.completedFuture(decision(true));
        }
        if (System.nanoTime() >= deadline) {
            return answer(index, deadline, null, new TimeoutException());
        }
        SlotGroup group = groups.get(index);
        return script.run(group.redisKeys(), group.args(SlotGroup.TAKE), deadline)
                .handle((reply, failure) -> answer(index, deadline, reply, failure))
                .thenCompose(decision -> decision);
    }

    private CompletableFuture<Decision> answer(
            int index, long deadline, @Nullable List<Long> reply, @Nullable Throwable failure) {
        if (reply == null) {
            return giveBack(index, deadline)
                    .thenCompose(done -> CompletableFuture.failedFuture(
                            failure == null ? new IllegalStateException("Redis answered nothing") : failure));
        }
        BucketReply answer = BucketReply.of(reply, healed);
        note(groups.get(index), answer.levels());
        return answer.admitted()
                ? decideFrom(index + 1, deadline)
                : CompletableFuture.allOf(giveBack(index, deadline), read(index + 1, deadline))
                        .thenApply(done -> decision(false));
    }

    /** Returns what the groups before this one took. What cannot be returned stays taken: that refuses, it never admits. */
    private CompletableFuture<Void> giveBack(int index, long deadline) {
        return CompletableFuture.allOf(groups.subList(0, index).stream()
                .filter(SlotGroup::takes)
                .map(group -> script.run(group.redisKeys(), group.args(SlotGroup.RETURN), deadline)
                        .handle((reply, failure) -> {
                            if (reply != null) {
                                givenBack.increment();
                            }
                            return reply;
                        }))
                .toArray(CompletableFuture[]::new));
    }

    /** Reads the groups from this one on; one that does not answer has no readings. */
    private CompletableFuture<Void> read(int index, long deadline) {
        return CompletableFuture.allOf(groups.subList(index, groups.size()).stream()
                .map(group -> script.run(group.redisKeys(), group.args(SlotGroup.REFUSE), deadline)
                        .handle((reply, failure) -> {
                            if (reply != null) {
                                note(group, BucketReply.of(reply, healed).levels());
                            }
                            return reply;
                        }))
                .toArray(CompletableFuture[]::new));
    }

    private synchronized void note(SlotGroup group, long[] groupLevels) {
        int at = 0;
        for (Charge charge : group.charges()) {
            int words = 2 * charge.limit().buckets().size();
            long[] own = new long[words];
            System.arraycopy(groupLevels, at, own, 0, words);
            levels.put(charge, own);
            at += words;
        }
    }

    private synchronized Decision decision(boolean admitted) {
        List<Charge> asked = new ArrayList<>(charges);
        asked.removeIf(charge -> !levels.containsKey(charge));
        Stream<long[]> each = asked.stream().map(charge -> levels.getOrDefault(charge, new long[0]));
        return Decision.of(asked, admitted, each.flatMapToLong(LongStream::of).toArray());
    }
}
