package io.ratelimit.redis;

import io.ratelimit.Charge;
import io.ratelimit.Decision;
import io.ratelimit.algorithm.Observations;
import java.time.Duration;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * A decision over several cluster slots. The slots are charged one after the other, and refunded if one of them rejects
 * or fails. After a rejection the remaining slots are read, so that the decision has the status of every bucket. It
 * never reserves tokens, because slots that decide one after the other cannot agree on an instant.
 */
final class MultiSlotDecision {

    private final List<Charge> charges;
    private final List<SlotCharges> groups;
    private final ScriptOperations operations;
    private final LongAdder refunded;
    private final Map<Charge, Observations> observations = new IdentityHashMap<>();

    MultiSlotDecision(List<Charge> charges, List<SlotCharges> groups, ScriptOperations operations, LongAdder refunded) {
        this.charges = charges;
        this.groups = groups;
        this.operations = operations;
        this.refunded = refunded;
    }

    CompletableFuture<Decision> decide(long deadline) {
        return decideFrom(0, deadline);
    }

    private CompletableFuture<Decision> decideFrom(int index, long deadline) {
        if (index == groups.size()) {
            return CompletableFuture.completedFuture(decision(charges, true));
        }
        if (System.nanoTime() >= deadline) {
            return answer(index, deadline, null, new TimeoutException());
        }
        return operations
                .take(groups.get(index).charges(), Duration.ZERO, deadline)
                .handle((reply, failure) -> answer(index, deadline, reply, failure))
                .thenCompose(decision -> decision);
    }

    private CompletableFuture<Decision> answer(
            int index, long deadline, @Nullable ScriptReply reply, @Nullable Throwable failure) {
        if (reply == null) {
            return refund(index, deadline)
                    .thenCompose(done -> CompletableFuture.failedFuture(
                            failure == null ? new IllegalStateException("Redis answered nothing") : failure));
        }
        note(groups.get(index), reply);
        return reply.admitted()
                ? decideFrom(index + 1, deadline)
                : CompletableFuture.allOf(refund(index, deadline), read(index + 1, deadline))
                        .thenApply(done -> decision(charges, false));
    }

    /**
     * Refunds the groups before this one. A refund that fails leaves their tokens consumed, which may reject calls but
     * never admits too many.
     */
    private CompletableFuture<Void> refund(int index, long deadline) {
        return CompletableFuture.allOf(groups.subList(0, index).stream()
                .filter(SlotCharges::takes)
                .map(group -> operations
                        .refund(group, decision(group.charges(), true), deadline)
                        .handle((reply, failure) -> {
                            if (reply != null) {
                                refunded.increment();
                            }
                            return reply;
                        }))
                .toArray(CompletableFuture[]::new));
    }

    /** Reads the groups from this one on. A group that does not answer has no status. */
    private CompletableFuture<Void> read(int index, long deadline) {
        return CompletableFuture.allOf(groups.subList(index, groups.size()).stream()
                .map(group -> operations.read(group, deadline).handle((reply, failure) -> {
                    if (reply != null) {
                        note(group, reply);
                    }
                    return reply;
                }))
                .toArray(CompletableFuture[]::new));
    }

    private synchronized void note(SlotCharges group, ScriptReply reply) {
        Observations all = reply.observations();
        int first = 0;
        for (Charge charge : group.charges()) {
            int rates = charge.limit().algorithms().size();
            observations.put(charge, all.copyOf(first, rates));
            first += rates;
        }
    }

    private synchronized Decision decision(List<Charge> decided, boolean admitted) {
        List<Charge> observed = new ArrayList<>(decided);
        observed.removeIf(charge -> !observations.containsKey(charge));
        List<Observations> each = observed.stream()
                .map(charge -> observations.getOrDefault(charge, Observations.none()))
                .toList();
        return Decision.of(observed, Duration.ZERO, admitted, Observations.join(each));
    }
}
