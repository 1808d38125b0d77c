package io.ratelimit;

/**
 * What a call holds until it ends. Closing it gives the leases back, which other calls may wait for.
 *
 * <pre>{@code
 * RateLimiter exports = registry.define(Limit.named("export").maxConcurrent(2, Duration.ofSeconds(30)).build());
 * try (Permit permit = exports.hold("user-42")) {
 *     rows.forEach(out::write); // at most two at once for this user, on all nodes
 * }
 * }</pre>
 *
 * <p>While it is open its leases are renewed in the background. They run out if this JVM stands still for longer than a
 * lease time, or the store cannot be asked for so long; somebody else may then run beside.
 */
public final class Permit implements AutoCloseable {

    private final DecisionEngine engine;
    private final Decision decision;

    Permit(DecisionEngine engine, Decision decision) {
        this.engine = engine;
        this.decision = decision;
    }

    /** {@return the decision by which it was admitted} */
    public Decision decision() {
        return decision;
    }

    /** {@return whether a lease ran out, or was reset, while the call ran, so that more may run than the limit says} */
    public boolean isLost() {
        return engine.isLost(decision);
    }

    /** Gives the leases back, without waiting for the store. What cannot be given back runs out. Idempotent. */
    @Override
    public void close() {
        engine.release(decision);
    }
}
