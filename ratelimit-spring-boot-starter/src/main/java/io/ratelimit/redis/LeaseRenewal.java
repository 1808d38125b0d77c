package io.ratelimit.redis;

import io.ratelimit.Charge;
import io.ratelimit.Decision;
import io.ratelimit.LeaseState;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;

/** The leases of several decisions, made to last together: one script call for all of them, in a cluster one for each slot. */
final class LeaseRenewal {

    private static final LeaseState[] STATES = LeaseState.values();

    private final List<Decision> decisions;
    private final ScriptCalls script;
    private final Map<Charge, LeaseState> states = new ConcurrentHashMap<>();

    LeaseRenewal(List<Decision> decisions, ScriptCalls script) {
        this.decisions = decisions;
        this.script = script;
    }

    /** Renews the leases, which are those of the decisions; tells the worst state of each decision. */
    CompletableFuture<List<LeaseState>> renew(List<SlotGroup> groups, long deadline) {
        return CompletableFuture.allOf(groups.stream()
                        .map(group -> script.renew(group, deadline).thenAccept(reply -> note(group, reply)))
                        .toArray(CompletableFuture[]::new))
                .thenApply(done -> decisions.stream().map(this::worst).toList());
    }

    private void note(SlotGroup group, BucketReply reply) {
        for (int i = 0; i < reply.numbers().length; i++) {
            states.put(group.charges().get(i), STATES[(int) reply.numbers()[i]]);
        }
    }

    private LeaseState worst(Decision decision) {
        return decision.leases().stream()
                .map(charge -> states.getOrDefault(charge, LeaseState.LOST))
                .max(Comparator.naturalOrder())
                .orElse(LeaseState.HELD);
    }
}
