package io.ratelimit.memory;

/** The owner of the buckets of a limit, from the first charge of the limit until it is removed. */
final class BucketOwner {

    /**
     * Not volatile, because it is read on each call. A call that follows the removal sees it, and a call at the same
     * time may come first.
     */
    private boolean removed;

    boolean isRemoved() {
        return removed;
    }

    /** Ends the use of the buckets: no later call finds them, and those in the map are deleted like full ones. */
    void remove() {
        removed = true;
    }
}
