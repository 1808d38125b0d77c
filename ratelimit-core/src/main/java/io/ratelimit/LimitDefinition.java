package io.ratelimit;

import org.jspecify.annotations.Nullable;

/** The definition of a limit in a registry, shared by all versions of the limit until the limit is removed. */
final class LimitDefinition {

    private final @Nullable DecisionCounts counts;
    /**
     * Not volatile, because it is read on each call of some charges. A call that follows the removal sees it, as does
     * one that misses what a store removed afterwards; a call at the same time may come first.
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
