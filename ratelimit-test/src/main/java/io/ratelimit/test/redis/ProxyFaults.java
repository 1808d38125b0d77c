package io.ratelimit.test.redis;

import java.net.InetSocketAddress;

/** The current server behind a proxy, and the current faults of the network to it. Thread-safe. */
final class ProxyFaults {

    volatile InetSocketAddress target;
    volatile long delayNanos;
    volatile boolean blackHole;
    volatile boolean dropReplies;
    volatile boolean refuse;

    ProxyFaults(InetSocketAddress target) {
        this.target = target;
    }

    boolean dropsRequests() {
        return blackHole;
    }

    boolean dropsReplies() {
        return blackHole || dropReplies;
    }

    /** {@return the delay of each direction, in nanoseconds} */
    long delayNanos() {
        return delayNanos;
    }
}
