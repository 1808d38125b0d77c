package io.ratelimit;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a remote store saw when it refused a charge, and what follows from it for later charges of the same key.
 *
 * <p>The store looked after the question was sent. So of the time since then no more has passed for the store, but for the
 * drift of the clocks, and at most so much has come back. What that leaves short is refused by the store as well, unless
 * somebody gave something back.
 */
final class CachedDenial {

    /** How long it answers before the store is asked again. */
    static final long LIFE_NANOS = 1_000_000_000;

    /** By how much a clock may be faster than another: 1/1024, some ten times what clocks that are slewed are. */
    private static final int DRIFT = 10;

    private static final VarHandle ASKED;

    static {
        try {
            ASKED = MethodHandles.lookup().findVarHandle(CachedDenial.class, "asked", boolean.class);
        } catch (ReflectiveOperationException ex) {
            throw new ExceptionInInitializerError(ex);
        }
    }

    private final LimitVersion version;
    private final Charge refused;
    private final Observations observations;
    private final long sent;
    private volatile boolean asked;

    /**
     * Remembers a refusal.
     *
     * @param decision the store's, of one charge
     * @param version of its limit
     * @param sent a nanosecond of this node before the store decided
     */
    CachedDenial(Decision decision, LimitVersion version, long sent) {
        this.version = version;
        this.refused = decision.charges().get(0);
        this.observations = decision.observations();
        this.sent = sent;
    }

    boolean isOf(Charge charge) {
        return refused.key().equals(charge.key())
                && refused.limit().name().equals(charge.limit().name());
    }

    /** Whether it was asked for after another one. */
    boolean isLaterThan(CachedDenial other) {
        return sent - other.sent > 0;
    }

    /**
     * The store's answer to a charge of the same key, if it is a refusal.
     *
     * @param charges the charge alone
     * @param maxWait the longest wait that is asked for
     * @param now this node's nanosecond
     * @return null if the store has to be asked: it may admit, or it is time to
     */
    @Nullable Decision answer(List<Charge> charges, Duration maxWait, long now) {
        Charge charge = charges.get(0);
        long nanos = now - sent;
        if (nanos < 0 || version.isReplaced() || !version.countsLike(charge.limit())) {
            return null;
        }
        Observations later = Observations.ofRates(observations.rates());
        if (!refuses(charge, maxWait, nanos + (nanos >> DRIFT), later) || isTimeToAsk(nanos)) {
            return null;
        }
        List<RateAlgorithm> rates = charge.limit().algorithms();
        for (int i = 0; i < rates.size(); i++) {
            RateAlgorithm rate = rates.get(i);
            long elapsed = ticks(now, rate) - ticks(sent, rate);
            rate.project(observations, i, elapsed, refused.cost(), charge.cost(), later);
        }
        return Decision.of(charges, maxWait, false, later);
    }

    /** Whether a rate refuses after at most so many nanoseconds, and the numbers tell of all rates. */
    private boolean refuses(Charge charge, Duration maxWait, long nanos, Observations later) {
        boolean refuses = false;
        List<RateAlgorithm> rates = charge.limit().algorithms();
        for (int i = 0; i < rates.size(); i++) {
            RateAlgorithm rate = rates.get(i);
            if (!rate.project(observations, i, ticks(nanos, rate) + 1, refused.cost(), charge.cost(), later)) {
                return false;
            }
            refuses |= rate.ticksUntilAdmitted(later, i, charge.cost()) > rate.waitWithin(maxWait);
        }
        return refuses;
    }

    /** Whole ticks. Divisors that are known when this is compiled are several times as fast. */
    private static long ticks(long nanos, RateAlgorithm rate) {
        return rate.tickNanos() == 1_000 ? Math.floorDiv(nanos, 1_000L) : Math.floorDiv(nanos, 1_000_000L);
    }

    /** Once its life is over: for one caller, and if that one hears nothing for as long again, for all. */
    private boolean isTimeToAsk(long nanos) {
        return nanos >= LIFE_NANOS && (nanos >= 2 * LIFE_NANOS || ASKED.compareAndSet(this, false, true));
    }
}
