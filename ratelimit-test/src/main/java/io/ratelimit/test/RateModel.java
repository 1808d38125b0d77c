package io.ratelimit.test;

import io.ratelimit.CalendarPeriod;
import io.ratelimit.LeaseState;
import io.ratelimit.Limit;
import io.ratelimit.Rate;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/** What a key has taken of one rate, on paper. Instants and waits are ticks, costs thousandths. */
interface RateModel {

    /** The rates of a limit, or its cap on concurrent calls, of which nothing is taken now. */
    static List<RateModel> of(Limit limit, VirtualClock clock) {
        return limit.concurrency().isPresent()
                ? List.of(new ConcurrencyModel(limit.concurrency().get(), clock))
                : limit.rates().stream().map(rate -> of(limit, rate, clock)).toList();
    }

    private static RateModel of(Limit limit, Rate rate, VirtualClock clock) {
        return switch (limit.algorithm()) {
            case TOKEN_BUCKET -> new TokenBucketModel(rate, limit.refill(), clock);
            case SLIDING_WINDOW -> new SlidingWindowLogModel(rate, clock);
            case SLIDING_WINDOW_COUNTER -> new SlidingWindowCounterModel(rate, clock);
            case FIXED_WINDOW -> {
                Optional<CalendarPeriod> calendar = limit.calendar();
                yield new FixedWindowModel(rate, calendar.orElse(null), limit.zone(), clock);
            }
            case CONCURRENCY -> throw new IllegalStateException("Calls at once have no rates");
        };
    }

    /** How long a period is, or a lease. */
    Duration duration();

    /** What comes back in a period. */
    long tokens();

    /** The most that can be taken at once. */
    long capacity();

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
