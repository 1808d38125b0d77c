package io.ratelimit.test;

import io.ratelimit.LeaseState;
import io.ratelimit.Rate;
import java.math.BigInteger;
import java.util.OptionalLong;

/** What a key has taken of one rate, on paper. Instants and waits are ticks, costs thousandths. */
interface RateModel {

    Rate rate();

    /** A copy as of now. */
    RateModel now(VirtualClock clock);

    boolean clockMovedBack(VirtualClock clock);

    boolean isFull();

    /** What a call that does not wait could take. */
    long free();

    /** What is taken and not back yet, at most the capacity. */
    long used();

    /** How long until a cost fits; nothing if it never does. */
    OptionalLong ticksUntilAdmitted(long cost);

    boolean canWait();

    /** Until everything is back. */
    long reset();

    /** The instant from which waits count. */
    long time();

    void take(long cost, long granted);

    /** Takes more than may fit: at most as a debt of the capacity. */
    void debit(long cost);

    void refund(long cost, long granted);

    /** Says whose lease the call is about; nothing to most rates. */
    default void seenBy(long lease) {}

    /** Queues for a lease, or stays in the queue. */
    default void queue(long cost) {}

    /** Leaves a queue, if it is in one. */
    default boolean leaveQueue() {
        return false;
    }

    /** Makes a lease last, and tells what became of it. */
    default LeaseState renew() {
        throw new IllegalStateException("A limit that is not leased has no leases");
    }

    /** Whether the other rate's state means the same for this one. */
    boolean canMigrateFrom(RateModel other);

    /** Goes on from another configuration's state. */
    void migrateFrom(RateModel other);

    /** Goes on from an amount that is out. */
    void migrateFrom(long out);

    default long tickNanos() {
        return rate().period().toNanos() < 60_000_000_000L ? 1_000 : 1_000_000;
    }

    default long period() {
        return rate().period().toNanos() / tickNanos();
    }

    default long tokens() {
        return rate().tokens().movePointRight(3).longValueExact();
    }

    default long capacity() {
        return rate().burst().movePointRight(3).longValueExact();
    }

    default long ticks(VirtualClock clock) {
        return Math.floorDiv(clock.getAsLong(), tickNanos());
    }

    default boolean samePeriod(RateModel other) {
        return getClass() == other.getClass()
                && rate().period().equals(other.rate().period());
    }

    default boolean isFasterThan(RateModel other) {
        BigInteger own = BigInteger.valueOf(tokens()).multiply(nanos(other));
        return own.compareTo(BigInteger.valueOf(other.tokens()).multiply(nanos(this))) > 0;
    }

    private static BigInteger nanos(RateModel rate) {
        return BigInteger.valueOf(rate.rate().period().toNanos());
    }
}
