package io.ratelimit.test;

import io.ratelimit.algorithm.LeaseState;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Duration;
import java.util.OptionalLong;

/** The state of one rate of one key in the reference model. Times are in ticks and costs in thousandths of a token. */
interface RateModel {

    /** Returns the period of the rate, or the lease time. */
    Duration duration();

    /** Returns the thousandths that refill in a period. */
    long tokens();

    /** Returns the capacity in thousandths. */
    long capacity();

    /** Returns a copy that is advanced to the present. */
    RateModel now(VirtualClock clock);

    boolean clockMovedBack(VirtualClock clock);

    boolean isFull();

    /** Returns the largest cost that is admitted now. */
    long free();

    /** Returns the tokens that are consumed and not refilled yet, at most the capacity. */
    long used();

    /** Returns the ticks until a cost fits; empty if it never fits. */
    OptionalLong ticksUntilAdmitted(long cost);

    boolean canWait();

    /** Returns the ticks until the rate is full. */
    long reset();

    /** Returns the tick from which waits are counted. */
    long time();

    void consume(long cost, long granted);

    /** Consumes tokens even if they do not fit, down to a debt of at most the capacity. */
    void debit(long cost);

    void refund(long cost, long granted);

    /** Sets the lease that the following method calls are about. Only leased rates use it. */
    default void setLease(long lease) {}

    /** Enters the queue for a lease, or stays in it. */
    default void queue(long cost) {}

    /** Leaves the queue, and returns whether the lease was in it. */
    default boolean leaveQueue() {
        return false;
    }

    /** Renews the lease, and returns its state. */
    default LeaseState renew() {
        throw new IllegalStateException("Only a limit on concurrency has leases to renew");
    }

    /** Returns whether this rate can continue the state of another rate. */
    boolean canMigrateFrom(RateModel other);

    /** Continues the state of a rate of another configuration. */
    void migrateFrom(RateModel other);

    /** Starts with the given number of thousandths used. */
    void migrateFrom(long used);

    default long tickNanos() {
        return duration().toNanos() < 60_000_000_000L ? 1_000 : 1_000_000;
    }

    default long period() {
        return duration().toNanos() / tickNanos();
    }

    static long thousandths(BigDecimal tokens) {
        return tokens.movePointRight(3).longValueExact();
    }

    default long ticks(VirtualClock clock) {
        return Math.floorDiv(clock.getAsLong(), tickNanos());
    }

    default boolean samePeriod(RateModel other) {
        return getClass() == other.getClass() && duration().equals(other.duration());
    }

    default boolean isFasterThan(RateModel other) {
        BigInteger own = BigInteger.valueOf(tokens()).multiply(nanos(other));
        return own.compareTo(BigInteger.valueOf(other.tokens()).multiply(nanos(this))) > 0;
    }

    private static BigInteger nanos(RateModel rate) {
        return BigInteger.valueOf(rate.duration().toNanos());
    }
}
