package io.ratelimit;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * A remote store with an answer for when it cannot be asked: each limit's {@link StoreFailurePolicy}.
 *
 * <p>A call over several limits is refused if one of them says deny; limits that say local are decided together in this
 * node's memory; those that say allow are not asked. The decision names its {@link DecisionSource}, and a line in the log, at most
 * one a second, says that the store is away or back.
 *
 * <p>After five straight failures a {@linkplain RateLimitStore#shard shard} of the remote store is asked no more, so that nobody
 * waits for a deadline, but for a probe in the background, four times a second; it is asked again once it answers one.
 */
public final class FallbackStore implements RateLimitStore {

    private final RateLimitStore remote;
    private final RateLimitStore local;
    private final StoreOutageLogger outages;
    private final CircuitBreaker circuitBreaker;
    private final @Nullable PrefetchingStore prefetching;

    /**
     * Puts a memory behind a remote store.
     *
     * @param remote asked first; says that it cannot be asked by a {@link StoreUnavailableException}
     * @param local keeps the buckets of limits that fall back to memory, from one failure to the next
     */
    public FallbackStore(RateLimitStore remote, RateLimitStore local) {
        this.remote = remote;
        this.local = local;
        this.outages = new StoreOutageLogger(remote.name(), System::nanoTime);
        this.circuitBreaker = new CircuitBreaker(remote, outages::answered);
        this.prefetching = remote instanceof PrefetchingStore ahead ? ahead : null;
    }

    @Override
    public String name() {
        return remote.name();
    }

    /** {@return why a shard of the remote store is not asked or did not answer, without keys or secrets; empty if all did} */
    public Optional<String> outage() {
        return outages.reason();
    }

    /** {@return what takes tokens of the remote store ahead, if it is directly behind this} */
    public Optional<PrefetchingStore> prefetching() {
        return Optional.ofNullable(prefetching);
    }

    @Override
    public Object shard(Charge charge) {
        return remote.shard(charge);
    }

    @Override
    public Decision decide(Charge charge) {
        Decision ahead = prefetching == null ? null : prefetching.ahead(charge, Duration.ZERO);
        return ahead != null ? ahead : decide(List.of(charge), Duration.ZERO);
    }

    @Override
    public Decision decide(List<Charge> charges, Duration maxWait) {
        Decision ahead = ahead(charges, maxWait);
        if (ahead != null) {
            return ahead;
        }
        if (circuitBreaker.isOpen(charges)) {
            return answer(charges, maxWait);
        }
        try {
            Decision decision = remote.decide(charges, maxWait);
            answered(charges);
            return decision;
        } catch (StoreUnavailableException ex) {
            failed(charges, ex);
            return answer(charges, maxWait);
        }
    }

    /** What this node has taken ahead says nothing of whether the store answers, and is spent while it does not. */
    private @Nullable Decision ahead(List<Charge> charges, Duration maxWait) {
        return prefetching == null ? null : prefetching.ahead(charges, maxWait);
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
        Decision ahead = ahead(charges, maxWait);
        if (ahead != null) {
            return CompletableFuture.completedFuture(ahead);
        }
        if (circuitBreaker.isOpen(charges)) {
            return CompletableFuture.completedFuture(answer(charges, maxWait));
        }
        return remote.decideAsync(charges, maxWait).handle((decision, failure) -> {
            if (decision != null) {
                answered(charges);
                return decision;
            }
            Throwable cause =
                    failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
            if (cause instanceof StoreUnavailableException unavailable) {
                failed(charges, unavailable);
                return answer(charges, maxWait);
            }
            throw new CompletionException(cause);
        });
    }

    @Override
    public CompletionStage<Void> refund(Decision taken, List<Charge> unused) {
        return switch (taken.source()) {
            case STORE -> remote.refund(taken, unused);
            case LOCAL -> local.refund(taken, LocalCharges.of(by(StoreFailurePolicy.LOCAL, unused)));
            case POLICY, DISABLED -> CompletableFuture.completedFuture(null);
        };
    }

    @Override
    public CompletionStage<Void> debit(Decision taken, List<Charge> more) {
        return switch (taken.source()) {
            case STORE -> remote.debit(taken, more);
            case LOCAL -> local.debit(taken, LocalCharges.of(by(StoreFailurePolicy.LOCAL, more)));
            case POLICY, DISABLED -> CompletableFuture.completedFuture(null);
        };
    }

    /** Each decision's leases where they were taken; a policy's answer holds none. */
    @Override
    public CompletionStage<List<LeaseState>> renew(List<Decision> decisions) {
        List<Decision> remotes = by(DecisionSource.STORE, decisions);
        List<Decision> locals = by(DecisionSource.LOCAL, decisions);
        CompletionStage<List<LeaseState>> here = local.renew(locals);
        CompletionStage<List<LeaseState>> there = remotes.isEmpty()
                ? CompletableFuture.completedFuture(List.of())
                : remote.renew(remotes)
                        .exceptionally(failure -> Collections.nCopies(remotes.size(), LeaseState.UNKNOWN));
        return there.thenCombine(
                here,
                (ofRemotes, ofLocals) -> decisions.stream()
                        .map(decision -> switch (decision.source()) {
                            case STORE -> ofRemotes.get(remotes.indexOf(decision));
                            case LOCAL -> ofLocals.get(locals.indexOf(decision));
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
        remote.onLeaseReady(listener);
        local.onLeaseReady(listener);
    }

    @Override
    public void reset(Limit limit, String key) {
        local.reset(limit, key);
        remote.reset(limit, key);
    }

    @Override
    public void close() {
        circuitBreaker.close();
        remote.close();
        local.close();
    }

    private Decision answer(List<Charge> charges, Duration maxWait) {
        List<Charge> denied = by(StoreFailurePolicy.DENY, charges);
        List<Charge> locals = by(StoreFailurePolicy.LOCAL, charges);
        denied.addAll(LocalCharges.beyond(locals));
        if (!denied.isEmpty()) {
            return Decision.withoutStore(denied, false, DecisionSource.POLICY);
        }
        if (locals.isEmpty()) {
            return Decision.withoutStore(charges, true, DecisionSource.POLICY);
        }
        List<Charge> shares = LocalCharges.of(locals);
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
