package io.ratelimit;

/** What became of a lease, from what its holder hopes for to what it fears. */
public enum LeaseState {

    /** It is held. */
    HELD,

    /** It is waited for, and would be had if the call were decided now, as far as the leases go. */
    READY,

    /** It is waited for, behind others. */
    WAITING,

    /** Where it is kept could not be asked; it is what it was. */
    UNKNOWN,

    /** It ran out, or somebody reset the key: it is neither held nor waited for any more. */
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
