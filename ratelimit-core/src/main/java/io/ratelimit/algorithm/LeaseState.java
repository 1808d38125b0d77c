package io.ratelimit.algorithm;

/** The state of a lease, from the best for its call to the worst. */
public enum LeaseState {

    /** The lease is held. */
    HELD,

    /** The call is queued, and its leases are free now. */
    READY,

    /** The call is queued behind others. */
    WAITING,

    /** The store could not be reached; the state of the lease is unchanged. */
    UNKNOWN,

    /** The lease or the place in the queue expired, or the key was reset. */
    LOST;

    /**
     * Combines the states of two leases of one call.
     *
     * @param other the other lease's state
     * @return the worse of both
     */
    public LeaseState and(LeaseState other) {
        return compareTo(other) >= 0 ? this : other;
    }
}
