package io.ratelimit.redis;

import io.ratelimit.Charge;
import io.ratelimit.Decision;
import io.ratelimit.algorithm.LeaseState;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/** The leases of several decisions, made to last together: one script call for all of them, in a cluster one for each slot. */
final class RenewLeasesCall {

    /** By the numbers that the script tells. */
    private static final List<LeaseState> STATES =
            List.of(LeaseState.HELD, LeaseState.READY, LeaseState.WAITING, LeaseState.LOST);

    private final List<Decision> decisions;
    private final ScriptOperations operations;
    private final Map<Charge, LeaseState> states = new ConcurrentHashMap<>();

    RenewLeasesCall(List<Decision> decisions, ScriptOperations operations) {
        this.decisions = decisions;
        this.operations = operations;
    }

    /**
     * Renews the leases, which are those of the decisions; tells the worst state of each decision. It fails if no slot answers
     * by the deadline, an instant of nanoTime.
     */
    CompletableFuture<List<LeaseState>> renew(List<SlotCharges> groups, long deadline) {
        List<CompletableFuture<Void>> renewals = groups.stream()
                .map(group -> operations
                        .renew(group, deadline)
                        .thenAccept(reply -> note(group, reply))
                        .orTimeout(deadline - System.nanoTime(), TimeUnit.NANOSECONDS))
                .toList();
        return CompletableFuture.allOf(renewals.toArray(CompletableFuture[]::new))
                .handle((done, failure) -> states.isEmpty() && failure != null
                        ? CompletableFuture.<List<LeaseState>>failedFuture(failure)
                        : CompletableFuture.completedFuture(
                                decisions.stream().map(this::worst).toList()))
                .thenCompose(told -> told);
    }

    private void note(SlotCharges group, ScriptReply reply) {
        for (int i = 0; i < reply.numbers().length; i++) {
            states.put(group.charges().get(i), STATES.get((int) reply.numbers()[i]));
        }
    }

    private LeaseState worst(Decision decision) {
        return decision.leases().stream()
                .map(charge -> states.getOrDefault(charge, LeaseState.UNKNOWN))
                .max(Comparator.naturalOrder())
                .orElse(LeaseState.HELD);
    }
}
