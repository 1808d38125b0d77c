package io.ratelimit.remote;

import io.ratelimit.Charge;
import io.ratelimit.Decision;
import io.ratelimit.DecisionSource;
import io.ratelimit.ForwardingRateLimitStore;
import io.ratelimit.Limit;
import io.ratelimit.RateLimitStore;
import io.ratelimit.StoreFailurePolicy;
import io.ratelimit.StoreUnavailableException;
import io.ratelimit.TimeoutScheduler;
import io.ratelimit.algorithm.LeaseState;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.LongConsumer;

/**
 * A store that answers by each limit's {@link StoreFailurePolicy} while the remote store is unavailable.
 *
 * <p>A call over several limits is rejected if one of them has the policy {@code DENY}. Otherwise its limits with the
 * policy {@code LOCAL} are decided together by the local store, and those with {@code ALLOW} are not counted. The
 * decision reports its {@link DecisionSource}.
 */
final class FallbackStore extends ForwardingRateLimitStore {

    private final RateLimitStore local;
    private final StoreOutageLogger outages;
    private final CircuitBreaker circuitBreaker;
    private final TimeoutScheduler scheduler = new TimeoutScheduler();

    /**
     * Creates the decorator.
     *
     * @param remote the store to call, closed with this one
     * @param local the store of this node, closed with this one
     * @param log logs when the remote store becomes unavailable, and when it is available again
     */
    FallbackStore(RateLimitStore remote, RateLimitStore local, System.Logger log) {
        super(remote);
        this.local = local;
        this.outages = new StoreOutageLogger(remote.name(), log, scheduler::schedule);
        this.circuitBreaker = new CircuitBreaker(remote, scheduler, outages::answered);
    }

    /**
     * Returns why a shard of the remote store is unavailable, without keys or secrets; empty if all shards answered.
     */
    Optional<String> outage() {
        return outages.reason();
    }

    @Override
    public Decision decide(List<Charge> charges, Duration maxWait) {
        if (circuitBreaker.isOpen(charges)) {
            return answerByPolicy(charges, maxWait);
        }
        try {
            Decision decision = super.decide(charges, maxWait);
            answered(charges);
            return decision;
        } catch (StoreUnavailableException ex) {
            failed(charges, ex);
            return answerByPolicy(charges, maxWait);
        }
    }

    private void answered(List<Charge> charges) {
        circuitBreaker.answered(charges);
        if (circuitBreaker.isWell()) {
            outages.answered();
        }
    }

    private void failed(List<Charge> charges, StoreUnavailableException failure) {
        outages.failed(failure);
        circuitBreaker.failed(charges);
    }

    @Override
    public CompletionStage<Decision> decideAsync(List<Charge> charges, Duration maxWait) {
        if (circuitBreaker.isOpen(charges)) {
            return CompletableFuture.completedFuture(answerByPolicy(charges, maxWait));
        }
        return super.decideAsync(charges, maxWait).handle((decision, failure) -> {
            if (decision != null) {
                answered(charges);
                return decision;
            }
            Throwable cause =
                    failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
            if (cause instanceof StoreUnavailableException unavailable) {
                failed(charges, unavailable);
                return answerByPolicy(charges, maxWait);
            }
            throw new CompletionException(cause);
        });
    }

    @Override
    public CompletionStage<Void> refund(Decision taken, List<Charge> unused) {
        return switch (taken.source()) {
            case STORE -> super.refund(taken, unused);
            case LOCAL -> local.refund(taken, LocalCharges.scaled(by(StoreFailurePolicy.LOCAL, unused)));
            case POLICY, DISABLED -> CompletableFuture.completedFuture(null);
        };
    }

    @Override
    public CompletionStage<Void> debit(Decision taken, List<Charge> more) {
        return switch (taken.source()) {
            case STORE -> super.debit(taken, more);
            case LOCAL -> local.debit(taken, LocalCharges.scaled(by(StoreFailurePolicy.LOCAL, more)));
            case POLICY, DISABLED -> CompletableFuture.completedFuture(null);
        };
    }

    /** Renews each lease in the store that granted it. A decision by policy holds no lease that could be lost. */
    @Override
    public CompletionStage<List<LeaseState>> renew(List<Decision> decisions) {
        List<Decision> remotes = by(DecisionSource.STORE, decisions);
        List<Decision> locals = by(DecisionSource.LOCAL, decisions);
        CompletionStage<List<LeaseState>> inLocal = local.renew(locals);
        CompletionStage<List<LeaseState>> inRemote = remotes.isEmpty()
                ? CompletableFuture.completedFuture(List.of())
                : super.renew(remotes)
                        .exceptionally(failure -> Collections.nCopies(remotes.size(), LeaseState.UNKNOWN));
        return inRemote.thenCombine(
                inLocal,
                (remoteStates, localStates) -> decisions.stream()
                        .map(decision -> switch (decision.source()) {
                            case STORE -> remoteStates.get(remotes.indexOf(decision));
                            case LOCAL -> localStates.get(locals.indexOf(decision));
                            case POLICY, DISABLED -> LeaseState.HELD;
                        })
                        .toList());
    }

    private static List<Decision> by(DecisionSource source, List<Decision> decisions) {
        return decisions.stream()
                .filter(decision -> decision.source() == source)
                .toList();
    }

    @Override
    public void onLeaseReady(LongConsumer listener) {
        super.onLeaseReady(listener);
        local.onLeaseReady(listener);
    }

    @Override
    public void reset(Limit limit, String key) {
        local.reset(limit, key);
        super.reset(limit, key);
    }

    @Override
    public void limitRemoved(Limit limit) {
        local.limitRemoved(limit);
        super.limitRemoved(limit);
    }

    @Override
    public void close() {
        scheduler.close();
        super.close();
        local.close();
    }

    private Decision answerByPolicy(List<Charge> charges, Duration maxWait) {
        List<Charge> denied = by(StoreFailurePolicy.DENY, charges);
        List<Charge> locals = by(StoreFailurePolicy.LOCAL, charges);
        denied.addAll(LocalCharges.aboveShare(locals));
        if (!denied.isEmpty()) {
            return Decision.withoutStore(denied, false, DecisionSource.POLICY);
        }
        if (locals.isEmpty()) {
            return Decision.withoutStore(charges, true, DecisionSource.POLICY);
        }
        List<Charge> shares = LocalCharges.scaled(locals);
        List<Charge> counted = new ArrayList<>(shares);
        counted.addAll(by(StoreFailurePolicy.ALLOW, charges));
        Duration wait = Charge.anyLeased(shares) ? maxWait : Decision.maxReservation(charges, maxWait);
        return local.decide(shares, wait).forCharges(counted, DecisionSource.LOCAL);
    }

    private static List<Charge> by(StoreFailurePolicy policy, List<Charge> charges) {
        List<Charge> chosen = new ArrayList<>(charges.size());
        for (Charge charge : charges) {
            if (charge.limit().onStoreFailure() == policy) {
                chosen.add(charge);
            }
        }
        return chosen;
    }
}
