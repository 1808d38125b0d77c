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

/** Renews the leases of several decisions with one script call, or in a cluster with one script call for each slot. */
final class RenewLeasesCall {

    /** The states in the order of the numbers in a reply. */
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
     * Renews the leases and returns the worst state of each decision. Fails if no slot answers by the deadline, in
     * nanoseconds of {@link System#nanoTime()}.
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
                .thenCompose(renewed -> renewed);
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
