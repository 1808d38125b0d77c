package io.ratelimit;

import org.jspecify.annotations.Nullable;

/** The definition of a limit in a registry, shared by all versions of the limit until the limit is removed. */
final class LimitDefinition {

    private final @Nullable DecisionCounts counts;
    /**
     * Not volatile, because it is read on each call of some charges. A store is told of the removal after it is set.
     * There it writes the map that it keeps by name, even if the limit has no entry, and a call asks for the mark in an
     * atomic step of that map. So a call sees the mark if its step comes later, and otherwise adds what the store then
     * removes.
     */
    private boolean removed;

    /**
     * Creates a definition.
     *
     * @param counts where the decisions of the limit are counted; null for nowhere
     */
    LimitDefinition(@Nullable DecisionCounts counts) {
        this.counts = counts;
    }

    @Nullable DecisionCounts counts() {
        return counts;
    }

    boolean isRemoved() {
        return removed;
    }

    void remove() {
        removed = true;
    }
}
