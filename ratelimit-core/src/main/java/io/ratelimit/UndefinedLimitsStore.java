package io.ratelimit;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** Admits charges of {@linkplain UndefinedLimits undefined limits}, and lets another store decide all others. */
final class UndefinedLimitsStore extends ForwardingRateLimitStore {

    UndefinedLimitsStore(RateLimitStore delegate) {
        super(delegate);
    }

    @Override
    public Decision decide(Charge charge, Duration maxWait) {
        return UndefinedLimits.contains(charge.limit())
                ? admitted(List.of(charge))
                : delegate().decide(charge, maxWait);
    }

    @Override
    public Decision decide(List<Charge> charges, Duration maxWait) {
        List<Charge> defined = defined(charges);
        if (defined.size() == charges.size()) {
            return delegate().decide(charges, maxWait);
        }
        return defined.isEmpty() ? admitted(charges) : withUndefined(delegate().decide(defined, maxWait), charges);
    }

    @Override
    public CompletionStage<Decision> decideAsync(List<Charge> charges, Duration maxWait) {
        List<Charge> defined = defined(charges);
        if (defined.size() == charges.size()) {
            return delegate().decideAsync(charges, maxWait);
        }
        return defined.isEmpty()
                ? CompletableFuture.completedFuture(admitted(charges))
                : delegate().decideAsync(defined, maxWait).thenApply(decision -> withUndefined(decision, charges));
    }

    @Override
    public CompletionStage<Void> refund(Decision taken, List<Charge> unused) {
        List<Charge> defined = defined(unused);
        return defined.isEmpty()
                ? CompletableFuture.completedFuture(null)
                : delegate().refund(taken, defined);
    }

    @Override
    public CompletionStage<Void> debit(Decision taken, List<Charge> more) {
        List<Charge> defined = defined(more);
        return defined.isEmpty()
                ? CompletableFuture.completedFuture(null)
                : delegate().debit(taken, defined);
    }

    @Override
    public void reset(Limit limit, String key) {
        if (!UndefinedLimits.contains(limit)) {
            delegate().reset(limit, key);
        }
    }

    private static Decision admitted(List<Charge> charges) {
        return Decision.withoutStore(charges, true, DecisionSource.DISABLED);
    }

    /** Returns a decision on the charges of defined limits as one on all charges of the call. */
    private static Decision withUndefined(Decision decision, List<Charge> charges) {
        List<Charge> all = new ArrayList<>(decision.charges());
        charges.stream()
                .filter(charge -> UndefinedLimits.contains(charge.limit()))
                .forEach(all::add);
        return decision.forCharges(List.copyOf(all), decision.source());
    }

    /** Returns the charges of defined limits, which is the same list if there are no others. */
    private static List<Charge> defined(List<Charge> charges) {
        for (Charge each : charges) {
            if (UndefinedLimits.contains(each.limit())) {
                return charges.stream()
                        .filter(charge -> !UndefinedLimits.contains(charge.limit()))
                        .toList();
            }
        }
        return charges;
    }
}
