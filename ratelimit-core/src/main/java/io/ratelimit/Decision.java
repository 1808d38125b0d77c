package io.ratelimit;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The answer to one call: admitted or not, and why.
 *
 * <pre>{@code
 * Decision decision = limiter.tryAcquire("user-42");
 * if (!decision.admitted()) {
 *     log.info("come back in {}", decision.retryAfter());
 * }
 * }</pre>
 *
 * <p>Immutable. All figures are as of the instant of the decision, computed here for every store.
 */
public final class Decision {

    private static final int WORDS = 2;

    private static final long[] NONE = {};

    /** The charges, unless there is only one, of one smooth rate, which needs neither a list nor an array. */
    private final List<Charge> charges;

    private final @Nullable Charge only;
    private final boolean admitted;
    private final long[] levels;
    private final long onlyLevel;
    private final Source source;

    private Decision(List<Charge> charges, boolean admitted, long[] levels, Source source) {
        this.charges = charges;
        this.only = null;
        this.admitted = admitted;
        this.levels = levels;
        this.onlyLevel = 0;
        this.source = source;
    }

    /** A store's decision on one charge of one smooth rate. */
    Decision(Charge only, boolean admitted, long level) {
        this.charges = List.of();
        this.only = only;
        this.admitted = admitted;
        this.levels = NONE;
        this.onlyLevel = level;
        this.source = Source.STORE;
    }

    /**
     * A store's decision.
     *
     * @param charges the charges that were decided
     * @param admitted whether all of them were taken
     * @param levels for each rate of each charge, in order, two numbers: the level in units, refilled but before anything
     *     was taken, and the ticks since its period began (0 for smooth refill)
     * @return the decision, from {@link Source#STORE}
     * @throws IllegalArgumentException if there are not two numbers for each rate
     */
    public static Decision of(List<Charge> charges, boolean admitted, long[] levels) {
        int rates = 0;
        for (Charge charge : charges) {
            rates += charge.limit().buckets().size();
        }
        if (levels.length != rates * WORDS) {
            throw new IllegalArgumentException(
                    levels.length + " numbers for " + rates + " rates; a store gives two for each rate");
        }
        return new Decision(charges, admitted, levels, Source.STORE);
    }

    /**
     * A decision that no bucket was asked for.
     *
     * @param charges the charges that it answers
     * @param admitted the answer
     * @param source who answered instead of the store
     * @return a decision without readings
     */
    public static Decision unasked(List<Charge> charges, boolean admitted, Source source) {
        return new Decision(charges, admitted, NONE, source);
    }

    /** This decision as the answer to its charges and to others after them, which no bucket was asked for. */
    Decision answering(List<Charge> all, Source other) {
        return new Decision(all, admitted, only == null ? levels : new long[] {onlyLevel, 0}, other);
    }

    /** {@return whether the call may go on; its cost is then taken from every bucket} */
    public boolean admitted() {
        return admitted;
    }

    /** {@return who decided} */
    public Source source() {
        return source;
    }

    /** {@return the charges that were decided, each bucket once} */
    public List<Charge> charges() {
        return only == null ? charges : List.of(only);
    }

    /**
     * Whether one of the charges would have been admitted alone.
     *
     * @param index of the charge in {@link #charges()}
     * @return true for every charge of an admitted call
     */
    public boolean admits(int index) {
        if (admitted || words() == 0) {
            return admitted;
        }
        List<Charge> charges = charges();
        int word = 0;
        for (int i = 0; i < index; i++) {
            word += WORDS * charges.get(i).limit().buckets().size();
        }
        Charge charge = charges.get(index);
        for (TokenBucket bucket : charge.limit().buckets()) {
            if (word < words() && !bucket.admits(word(word), charge.cost())) {
                return false;
            }
            word += WORDS;
        }
        return true;
    }

    /** {@return a reading for each rate of each charge, in order; none where no bucket was asked} */
    public List<Reading> readings() {
        List<Reading> readings = new ArrayList<>(words() / WORDS);
        int word = 0;
        for (Charge charge : charges()) {
            for (int rate = 0; rate < charge.limit().buckets().size() && word < words(); rate++) {
                readings.add(reading(charge, charge.limit().buckets().get(rate), word(word), word(word + 1)));
                word += WORDS;
            }
        }
        return readings;
    }

    /** {@return the rate that refused; of several the one that takes longest to admit. Empty if none did} */
    public Optional<Reading> refusedBy() {
        return admitted
                ? Optional.empty()
                : readings().stream()
                        .filter(reading -> !reading.admitted())
                        .max(Comparator.comparing(Reading::retryAfter, Decision::compareWaits));
    }

    /** {@return tokens left in the tightest bucket, rounded down to a thousandth; 0 where no bucket was asked} */
    public double remaining() {
        return readings().stream().mapToDouble(Reading::remaining).min().orElse(0);
    }

    /**
     * When the same call would be admitted, if nobody else called.
     *
     * @return zero if it was admitted; empty if no such instant is known: the cost is above a capacity (see
     *     {@link #never()}), or no bucket was asked
     */
    public Optional<Duration> retryAfter() {
        return admitted ? Optional.of(Duration.ZERO) : refusedBy().flatMap(Reading::retryAfter);
    }

    /** {@return whether the cost is above the capacity of a rate, so that the call can never be admitted} */
    public boolean never() {
        return refusedBy().filter(reading -> reading.retryAfter().isEmpty()).isPresent();
    }

    /** {@return when every bucket is full again, if nobody calls} */
    public Duration resetAfter() {
        return readings().stream()
                .map(Reading::resetAfter)
                .max(Comparator.naturalOrder())
                .orElse(Duration.ZERO);
    }

    /**
     * Turns a refusal into an exception.
     *
     * @return this decision, if it was admitted
     * @throws RateLimitExceededException if it was not
     */
    public Decision orThrow() {
        if (!admitted) {
            throw new RateLimitExceededException(this);
        }
        return this;
    }

    /** Such as {@code refused by search 10/s, remaining 0, retry after PT0.1S}; no key. */
    @Override
    public String toString() {
        return admitted
                ? "admitted, remaining " + remaining()
                : refusedBy()
                        .map(by -> "refused by " + by.limit().name() + " " + by.rate() + ", remaining " + by.remaining()
                                + by.retryAfter()
                                        .map(wait -> ", retry after " + wait)
                                        .orElse(", never"))
                        .orElse("refused by policy");
    }

    private int words() {
        return only == null ? levels.length : WORDS;
    }

    private long word(int index) {
        return only == null ? levels[index] : index == 0 ? onlyLevel : 0;
    }

    private Reading reading(Charge charge, TokenBucket bucket, long level, long phase) {
        long after = admitted ? level - charge.cost() * bucket.unitsPerThousandth() : level;
        boolean enough = admitted || bucket.admits(level, charge.cost());
        Optional<Duration> retryAfter = enough
                ? Optional.of(Duration.ZERO)
                : charge.cost() > bucket.capacityThousandths()
                        ? Optional.empty()
                        : Optional.of(bucket.untilAdmitted(level, phase, charge.cost()));
        return new Reading(
                charge.limit(),
                bucket.rate(),
                enough,
                Tokens.decimal(bucket.remaining(after)),
                retryAfter,
                bucket.untilFull(after, phase));
    }

    private static int compareWaits(Optional<Duration> one, Optional<Duration> other) {
        if (one.isEmpty() || other.isEmpty()) {
            return Boolean.compare(one.isEmpty(), other.isEmpty());
        }
        return one.get().compareTo(other.get());
    }
}
