package io.ratelimit.autoconfigure;

/** A bean that makes the registry count its decisions, for a feature that reads the counts without being a listener. */
public final class DecisionCounting {

    /** Creates the bean. */
    public DecisionCounting() {}
}
