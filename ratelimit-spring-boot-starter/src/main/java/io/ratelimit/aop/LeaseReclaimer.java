package io.ratelimit.aop;

import java.lang.ref.Cleaner;

/**
 * Releases the leases of calls whose end nobody reports, because the object that would report it is no longer
 * reachable. Leases are renewed in the background, so they would never expire.
 */
final class LeaseReclaimer {

    private static final Cleaner CLEANER = Cleaner.create();

    private LeaseReclaimer() {}

    /**
     * Watches the object that reports the end of a call.
     *
     * @return releases the leases now, and stops watching
     */
    static Cleaner.Cleanable watch(Object reporter, DecidedInvocation call) {
        return CLEANER.register(reporter, call.release());
    }
}
