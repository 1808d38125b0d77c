package io.ratelimit.remote;

import io.ratelimit.Charge;
import io.ratelimit.Decision;
import io.ratelimit.algorithm.Observations;
import io.ratelimit.algorithm.RateAlgorithm;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A denial by a remote store, from which this node derives the store's answers to later calls of the same key.
 *
 * <p>The store made its decision after the call was sent. Apart from clock drift, the time since the decision is
 * therefore at most the time since the call was sent, which this node measures. A call that would not fit even if
 * tokens had refilled for all of that time would be rejected by the store too, unless another node refunded tokens
 * meanwhile.
 */
final class CachedDenial {

    /** The time for which a denial answers calls before one call goes to the store again. */
    static final long LIFE_NANOS = 1_000_000_000;

    /**
     * The clock drift that is allowed for, as a shift: 1/1024, about ten times the drift of a clock that NTP is
     * correcting.
     */
    private static final int DRIFT = 10;

    private static final VarHandle RENEWING;

    static {
        try {
            RENEWING = MethodHandles.lookup().findVarHandle(CachedDenial.class, "renewing", boolean.class);
        } catch (ReflectiveOperationException ex) {
            throw new ExceptionInInitializerError(ex);
        }
    }

    private final LimitVersion version;
    private final Charge denied;
    private final Observations observations;
    private final long sent;
    private volatile boolean renewing;

    /**
     * Creates a cached denial.
     *
     * @param decision the rejection of one charge by the store
     * @param version the version of its limit
     * @param sent the time of this node before the call was sent, in nanoseconds
     */
    CachedDenial(Decision decision, LimitVersion version, long sent) {
        this.version = version;
        this.denied = decision.charges().get(0);
        this.observations = decision.observations();
        this.sent = sent;
    }

    boolean isOf(Charge charge) {
        return denied.key().equals(charge.key())
                && denied.limit().name().equals(charge.limit().name());
    }

    /** Returns whether the call of this denial was sent after the call of another denial. */
    boolean isLaterThan(CachedDenial other) {
        return sent - other.sent > 0;
    }

    /**
     * Returns the store's answer to a call of the same key, if it is known to be a rejection.
     *
     * @param charges the charge, as a list of one
     * @param maxWait the longest wait of the call
     * @param now the time of this node, in nanoseconds
     * @return the rejection, or null if the call has to go to the store, which may admit it
     */
    @Nullable Decision answer(List<Charge> charges, Duration maxWait, long now) {
        Charge charge = charges.get(0);
        long nanos = now - sent;
        if (nanos < 0 || version.isReplaced() || !version.countsLike(charge.limit())) {
            return null;
        }
        Observations later = Observations.ofRates(observations.rates());
        if (!rejects(charge, maxWait, nanos + (nanos >> DRIFT), later) || isTimeToRenew(nanos)) {
            return null;
        }
        List<RateAlgorithm> rates = charge.limit().algorithms();
        for (int i = 0; i < rates.size(); i++) {
            RateAlgorithm rate = rates.get(i);
            long elapsed = ticks(now, rate) - ticks(sent, rate);
            rate.project(observations, i, elapsed, denied.cost(), charge.cost(), later);
        }
        return Decision.of(charges, maxWait, false, later);
    }

    /**
     * Returns whether the state of all rates is known after at most the given time, and one of them rejects the charge.
     */
    private boolean rejects(Charge charge, Duration maxWait, long nanos, Observations later) {
        boolean rejects = false;
        List<RateAlgorithm> rates = charge.limit().algorithms();
        for (int i = 0; i < rates.size(); i++) {
            RateAlgorithm rate = rates.get(i);
            if (!rate.project(observations, i, ticks(nanos, rate) + 1, denied.cost(), charge.cost(), later)) {
                return false;
            }
            rejects |= rate.ticksUntilAdmitted(later, i, charge.cost()) > rate.waitWithin(maxWait);
        }
        return rejects;
    }

    /** Returns whole ticks. Dividing by a constant is several times as fast as dividing by a variable. */
    private static long ticks(long nanos, RateAlgorithm rate) {
        return rate.tickNanos() == 1_000 ? Math.floorDiv(nanos, 1_000L) : Math.floorDiv(nanos, 1_000_000L);
    }

    /** Returns whether the call should go to the store: one call after a second, every call after two seconds. */
    private boolean isTimeToRenew(long nanos) {
        return nanos >= LIFE_NANOS && (nanos >= 2 * LIFE_NANOS || RENEWING.compareAndSet(this, false, true));
    }
}
