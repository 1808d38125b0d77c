package io.ratelimit;

/**
 * A permission to run one call of a {@linkplain Limit#isLeased() leased} limit. Closing it releases its leases to other
 * calls.
 *
 * <pre>{@code
 * RateLimiter exports = registry.define(Limit.named("export").maxConcurrent(2, Duration.ofSeconds(30)).build());
 * try (Permit permit = exports.hold("user-42")) {
 *     rows.forEach(out::write); // at most two at the same time for this user, on all nodes
 * }
 * }</pre>
 *
 * <p>The leases of an open permit are renewed in the background. They expire if this JVM is paused, or the store
 * unavailable, for longer than the lease time; other calls may then run at the same time. A permit that is never closed
 * is renewed forever.
 */
public final class Permit implements AutoCloseable {

    private final DecisionEngine engine;
    private final Decision decision;

    Permit(DecisionEngine engine, Decision decision) {
        this.engine = engine;
        this.decision = decision;
    }

    /** {@return the decision that admitted the call} */
    public Decision decision() {
        return decision;
    }

    /**
     * {@return whether a lease expired or was reset while the call ran; more calls than the limit allows may then run}
     */
    public boolean isLost() {
        return engine.isLost(decision);
    }

    /** Releases the leases, without waiting for the store. Leases that cannot be released expire. Idempotent. */
    @Override
    public void close() {
        engine.release(decision);
    }
}
