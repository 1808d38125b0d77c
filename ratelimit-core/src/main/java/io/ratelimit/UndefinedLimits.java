package io.ratelimit;

import java.util.Collection;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Creates the limits that stand in for undefined ones of a registry with {@link UnknownLimitPolicy#UNLIMITED}. Their
 * charges are admitted by {@link UndefinedLimitsStore}, so their rate is never counted.
 */
final class UndefinedLimits {

    private static final System.Logger LOG = System.getLogger(UndefinedLimits.class.getName());

    /** Callers may choose the names, so that both the log and this set need a bound. */
    private static final int MOST_WARNINGS = 100;

    private static final LimitDefinition DEFINITION = new LimitDefinition(null);
    private static final Limit HIGHEST = Limit.of("undefined", "1000000000/s");

    private final Collection<String> definedNames;
    private final Set<String> warned = ConcurrentHashMap.newKeySet();

    /** @param definedNames the names of all limits of the registry, as a live view */
    UndefinedLimits(Collection<String> definedNames) {
        this.definedNames = definedNames;
    }

    /** {@return a limit that stands in for an undefined one} */
    static Limit named(String name) {
        return HIGHEST.definedAs(name, DEFINITION);
    }

    /** {@return whether a limit stands in for an undefined one} */
    static boolean contains(Limit limit) {
        return limit.isDefinedBy(DEFINITION);
    }

    /** {@return whether every limit of a decision stands in for an undefined one} */
    static boolean containAll(Decision decision) {
        return decision.charges().stream().allMatch(charge -> contains(charge.limit()));
    }

    /** Warns of calls of an undefined limit, once for each of the first 100 names. */
    void warnOf(String name) {
        if (warned.size() < MOST_WARNINGS && warned.add(name)) {
            LOG.log(
                    System.Logger.Level.WARNING,
                    new UnknownLimitException(name, definedNames).getMessage() + "; calls of it are not limited");
        }
    }
}
