package io.ratelimit.remote;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.ratelimit.Charge;
import io.ratelimit.Decision;
import io.ratelimit.DecisionSource;
import io.ratelimit.ForwardingRateLimitStore;
import io.ratelimit.Limit;
import io.ratelimit.RateLimitStore;
import io.ratelimit.StoreFailurePolicy;
import io.ratelimit.StoreUnavailableException;
import io.ratelimit.UnreliableStore;
import io.ratelimit.algorithm.LeaseState;
import io.ratelimit.memory.InMemoryRateLimitStore;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class FallbackStoreTests {

    private static final Limit LOCAL = limit("local", StoreFailurePolicy.LOCAL);
    private static final Limit ALLOW = limit("allow", StoreFailurePolicy.ALLOW);
    private static final Limit DENY = limit("deny", StoreFailurePolicy.DENY);

    private final InMemoryRateLimitStore shared = InMemoryRateLimitStore.create(() -> 0, 100);
    private final ShardedStore shards = new ShardedStore(shared);
    private final UnreliableStore remote = new UnreliableStore(shards);
    private final InMemoryRateLimitStore local = InMemoryRateLimitStore.create(() -> 0, 100);
    private final RemoteRateLimitStore store = RemoteRateLimitStore.builder(remote, local)
            .denialCache(false)
            .prefetch(false)
            .build();

    enum Call {
        SYNCHRONOUS {
            @Override
            Decision decide(RateLimitStore store, List<Charge> charges) {
                return store.decide(charges, Duration.ZERO);
            }
        },
        ASYNCHRONOUS {
            @Override
            Decision decide(RateLimitStore store, List<Charge> charges) {
                return store.decideAsync(charges, Duration.ZERO)
                        .toCompletableFuture()
                        .join();
            }
        };

        abstract Decision decide(RateLimitStore store, List<Charge> charges);
    }

    @ParameterizedTest
    @EnumSource
    void decidesInTheRemoteStoreWhileItAnswers(Call call) {
        Decision decision = call.decide(store, charges(LOCAL, ALLOW, DENY));
        assertThat(decision.source()).isEqualTo(DecisionSource.STORE);
        assertThat(shared.keys()).isEqualTo(3);
        assertThat(local.keys()).isZero();
        assertThat(store.name()).isEqualTo("memory");
    }

    @Test
    void aRemovedLimitIsFreedInBothStores() {
        store.decide(charges(LOCAL), Duration.ZERO);
        remote.failure = new StoreUnavailableException("down", null);
        store.decide(charges(LOCAL), Duration.ZERO);
        store.limitRemoved(LOCAL);
        for (InMemoryRateLimitStore each : List.of(shared, local)) {
            assertThat(each.decide(new Charge(LOCAL, "key", 0)).remaining()).isEqualTo(LOCAL.capacity() / 1_000.0);
        }
    }

    static Stream<List<Object>> policies() {
        return Arrays.stream(Call.values())
                .flatMap(call -> Stream.of(
                        List.of(call, List.of(LOCAL), "local:admitted"),
                        List.of(call, List.of(ALLOW), "policy:admitted"),
                        List.of(call, List.of(DENY), "policy:rejected"),
                        List.of(call, List.of(LOCAL, ALLOW), "local:admitted"),
                        List.of(call, List.of(LOCAL, DENY), "policy:rejected"),
                        List.of(call, List.of(ALLOW, DENY), "policy:rejected"),
                        List.of(call, List.of(LOCAL, ALLOW, DENY), "policy:rejected")));
    }

    @ParameterizedTest
    @MethodSource("policies")
    void answersByPolicyWhileTheRemoteStoreIsUnavailable(List<Object> row) {
        remote.failure = new StoreUnavailableException("down", null);
        Limit[] limits = ((List<?>) row.get(1)).toArray(new Limit[0]);
        Decision decision = ((Call) row.get(0)).decide(store, charges(limits));
        String answer = decision.source().name().toLowerCase(java.util.Locale.ROOT) + ":"
                + (decision.admitted() ? "admitted" : "rejected");
        assertThat(answer).isEqualTo(row.get(2));
        assertThat(local.keys()).isEqualTo(answer.startsWith("local") ? 1 : 0);
    }

    @ParameterizedTest
    @CsvSource({"LOCAL, LOCAL, false, true", "ALLOW, POLICY, true, false", "DENY, POLICY, false, false"})
    void aCostAboveTheCapacityIsAnsweredByPolicyToo(
            StoreFailurePolicy policy, DecisionSource source, boolean admitted, boolean permanent) {
        remote.failure = new StoreUnavailableException("down", null);
        Decision decision = store.decide(new Charge(limit("limit", policy), "key", Long.MAX_VALUE));
        assertThat(decision.source()).isEqualTo(source);
        assertThat(decision.admitted()).isEqualTo(admitted);
        assertThat(decision.isPermanent()).isEqualTo(permanent);
    }

    @ParameterizedTest
    @EnumSource
    void aRejectionByPolicyNamesTheLimitsThatDeny(Call call) {
        remote.failure = new StoreUnavailableException("down", null);
        Decision decision = call.decide(store, charges(LOCAL, ALLOW, DENY));
        assertThat(decision.charges()).extracting(Charge::limit).containsExactly(DENY);
        assertThat(decision.retryAfter()).isEmpty();
    }

    @ParameterizedTest
    @EnumSource
    void anAdmittedCallAnswersForAllItsLimits(Call call) {
        remote.failure = new StoreUnavailableException("down", null);
        Decision admitted = call.decide(store, charges(ALLOW, LOCAL));
        assertThat(admitted.charges()).extracting(Charge::limit).containsExactlyInAnyOrder(ALLOW, LOCAL);
        assertThat(admitted.statuses()).hasSize(1);
        call.decide(store, charges(LOCAL));
        Decision rejected = call.decide(store, charges(ALLOW, LOCAL));
        assertThat(rejected.admitted()).isFalse();
        assertThat(rejected.charges()).extracting(Charge::limit).containsExactly(LOCAL, ALLOW);
        assertThat(rejected.admits(0)).isFalse();
        assertThat(rejected.admits(1)).isTrue();
    }

    @ParameterizedTest
    @EnumSource
    void theLocalBucketIsKeptFromOneOutageToTheNext(Call call) {
        remote.failure = new StoreUnavailableException("down", null);
        assertThat(call.decide(store, charges(LOCAL)).remaining()).isEqualTo(1);
        remote.failure = null;
        assertThat(call.decide(store, charges(LOCAL)).source()).isEqualTo(DecisionSource.STORE);
        remote.failure = new StoreUnavailableException("down again", null);
        assertThat(call.decide(store, charges(LOCAL)).remaining()).isZero();
        Decision rejected = call.decide(store, charges(LOCAL));
        assertThat(rejected.admitted()).isFalse();
        assertThat(rejected.source()).isEqualTo(DecisionSource.LOCAL);
        assertThat(rejected.retryAfter()).isPresent();
    }

    @ParameterizedTest
    @EnumSource
    void anErrorOtherThanStoreUnavailableIsThrown(Call call) {
        remote.failure = new IllegalStateException("a defect");
        assertThatThrownBy(() -> call.decide(store, charges(ALLOW)))
                .satisfiesAnyOf(
                        ex -> assertThat(ex).isSameAs(remote.failure),
                        ex -> assertThat(ex)
                                .isInstanceOf(CompletionException.class)
                                .hasCause(remote.failure));
    }

    @ParameterizedTest
    @EnumSource
    void aLeasedChargeThatIsAllowedByPolicyPreventsReservationsInTheLocalStore(Call call) {
        remote.failure = new StoreUnavailableException("down", null);
        Limit leased = Limit.named("leased")
                .maxConcurrent(5, Duration.ofSeconds(30))
                .onStoreFailure(StoreFailurePolicy.ALLOW)
                .build();
        Decision admitted = call.decide(store, Charge.merged(charges(leased, LOCAL)));
        assertThat(admitted.admitted()).isTrue();
        assertThat(admitted.isLeased()).isFalse();
        call.decide(store, charges(LOCAL));
        Decision rejected = store.decide(Charge.merged(charges(leased, LOCAL)), Duration.ofHours(1));
        assertThat(rejected.admitted()).isFalse();
    }

    @Test
    void refundsInTheStoreThatConsumed() {
        List<Charge> charges = charges(LOCAL, ALLOW);
        Decision taken = store.decide(charges, Duration.ZERO);
        remote.failure = new StoreUnavailableException("down", null);
        Decision local = store.decide(charges, Duration.ZERO);
        store.refund(local, charges);
        assertThat(store.decide(charges(LOCAL), Duration.ZERO).remaining()).isEqualTo(1);
        remote.failure = null;
        store.refund(taken, charges);
        assertThat(store.decide(charges, Duration.ZERO).remaining()).isEqualTo(1);
        store.debit(local, charges(LOCAL));
        remote.failure = new StoreUnavailableException("down", null);
        assertThat(store.decide(charges(LOCAL), Duration.ZERO).admitted()).isFalse();
        remote.failure = null;
        store.refund(Decision.withoutStore(charges, true, DecisionSource.POLICY), charges);
        assertThat(store.decide(charges, Duration.ZERO).remaining()).isZero();
    }

    @ParameterizedTest
    @EnumSource
    void afterFiveConsecutiveFailuresOnlyProbesReachTheStoreUntilOneSucceeds(Call call) {
        remote.failure = new StoreUnavailableException("down", null);
        for (int i = 0; i < ShardCircuit.CONSECUTIVE_FAILURES - 1; i++) {
            call.decide(store, charges(LOCAL));
        }
        remote.failure = null;
        assertThat(call.decide(store, charges(LOCAL)).source()).isEqualTo(DecisionSource.STORE);
        remote.failure = new StoreUnavailableException("down", null);
        remote.decisions.set(0);
        long start = System.nanoTime();
        for (int i = 0; i < 1_000; i++) {
            assertThat(call.decide(store, charges(LOCAL)).source()).isEqualTo(DecisionSource.LOCAL);
        }
        long probes = (System.nanoTime() - start) / 200_000_000 + 1;
        assertThat(remote.decisions.get()).isBetween(5, 5 + (int) probes);
        double left = shared.decide(new Charge(LOCAL, "key", 0)).remaining();
        remote.failure = null;
        await().atMost(Duration.ofSeconds(2))
                .until(() -> call.decide(store, charges(ALLOW)).source() == DecisionSource.STORE);
        assertThat(shared.decide(new Charge(LOCAL, "key", 0)).remaining())
                .as("a probe consumes nothing")
                .isEqualTo(left);
    }

    @ParameterizedTest
    @EnumSource
    void theCircuitOfAFailedShardOpensWhileOtherShardsAreStillCalled(Call call) {
        shards.failing = "b";
        for (int i = 0; i < ShardCircuit.CONSECUTIVE_FAILURES; i++) {
            assertThat(call.decide(store, keys("a")).source()).isEqualTo(DecisionSource.STORE);
            assertThat(call.decide(store, keys("b")).source()).isEqualTo(DecisionSource.POLICY);
        }
        remote.decisions.set(0);
        for (int i = 0; i < 1_000; i++) {
            assertThat(call.decide(store, keys("b")).source()).isEqualTo(DecisionSource.POLICY);
            assertThat(call.decide(store, keys("a", "b")).source()).isEqualTo(DecisionSource.POLICY);
        }
        assertThat(remote.decisions.get()).isLessThan(100);
        assertThat(call.decide(store, keys("a")).source()).isEqualTo(DecisionSource.STORE);
        assertThat(store.outage()).contains("b is down");
        shards.failing = null;
        await().atMost(Duration.ofSeconds(2)).until(() -> store.outage().isEmpty());
        assertThat(call.decide(store, keys("a", "b")).source()).isEqualTo(DecisionSource.STORE);
    }

    @ParameterizedTest
    @EnumSource
    void aShardThatChangesItsNameIsClearedByAProbe(Call call) {
        remote.failure = new StoreUnavailableException("down", null);
        call.decide(store, keys("a"));
        shards.suffix = "-moved";
        remote.failure = null;
        assertThat(call.decide(store, keys("a")).source()).isEqualTo(DecisionSource.STORE);
        await().atMost(Duration.ofSeconds(2)).until(() -> store.outage().isEmpty());
    }

    @ParameterizedTest
    @EnumSource
    void aShardThatAnsweredACallIsNotProbedAgain(Call call) throws Exception {
        remote.failure = new StoreUnavailableException("down", null);
        for (int i = 0; i < ShardCircuit.CONSECUTIVE_FAILURES - 1; i++) {
            call.decide(store, keys("a"));
        }
        remote.failure = null;
        call.decide(store, keys("a"));
        remote.failure = new StoreUnavailableException("down", null);
        remote.decisions.set(0);
        Thread.sleep(600);
        assertThat(remote.decisions).hasValue(0);
    }

    @ParameterizedTest
    @EnumSource
    void callsOverSeveralShardsFindOutWhichOfThemFails(Call call) {
        shards.failing = "b";
        await().atMost(Duration.ofSeconds(10)).until(() -> {
            remote.decisions.set(0);
            call.decide(store, keys("a", "b"));
            return remote.decisions.get() == 0;
        });
        assertThat(call.decide(store, keys("a")).source()).isEqualTo(DecisionSource.STORE);
        assertThat(call.decide(store, keys("b")).source()).isEqualTo(DecisionSource.POLICY);
    }

    @Test
    void renewsLeasesInTheStoreThatGrantedThem() {
        List<Charge> leases = charges(
                Limit.named("held").maxConcurrent(2, Duration.ofSeconds(30)).build(),
                Limit.named("allowed")
                        .maxConcurrent(2, Duration.ofSeconds(30))
                        .onStoreFailure(StoreFailurePolicy.ALLOW)
                        .build());
        Decision there = store.decide(leases, Duration.ZERO);
        remote.failure = new StoreUnavailableException("down", null);
        Decision here = store.decide(charges(leases.get(1).limit()), Duration.ZERO);
        assertThat(here.leases()).hasSize(1);
        Decision policy = Decision.withoutStore(leases, true, DecisionSource.POLICY);
        assertThat(policy.isLeased()).isFalse();
        List<Decision> all = List.of(there, here, policy);
        assertThat(store.renew(all).toCompletableFuture().join())
                .containsExactly(LeaseState.UNKNOWN, LeaseState.HELD, LeaseState.HELD);
        local.reset(leases.get(1).limit(), "key");
        remote.failure = null;
        assertThat(store.renew(all).toCompletableFuture().join())
                .containsExactly(LeaseState.HELD, LeaseState.LOST, LeaseState.HELD);
    }

    @Test
    void resetsBothStoresAndClosesBoth() {
        remote.failure = new StoreUnavailableException("down", null);
        store.decide(charges(LOCAL), Duration.ZERO);
        remote.failure = null;
        store.decide(charges(LOCAL), Duration.ZERO);
        store.reset(LOCAL, "key");
        assertThat(shared.keys()).isZero();
        assertThat(local.keys()).isZero();
        store.close();
        assertThat(shards.closed).isTrue();
    }

    private static List<Charge> charges(Limit... limits) {
        return Charge.merged(Arrays.stream(limits)
                .map(limit -> new Charge(limit, "key", 1000))
                .toList());
    }

    private static List<Charge> keys(String... keys) {
        return Charge.merged(
                Arrays.stream(keys).map(key -> new Charge(ALLOW, key, 1)).toList());
    }

    private static Limit limit(String name, StoreFailurePolicy policy) {
        return Limit.named(name).rates("2/s").onStoreFailure(policy).build();
    }

    /** A store with a shard for each key, one of which can fail. */
    private static final class ShardedStore extends ForwardingRateLimitStore {

        private boolean closed;
        private volatile String failing;
        private volatile String suffix = "";

        ShardedStore(RateLimitStore delegate) {
            super(delegate);
        }

        @Override
        public Object shard(Charge charge) {
            return charge.key() + suffix;
        }

        @Override
        public Decision decide(List<Charge> charges, Duration maxWait) {
            String shard = failing;
            if (shard != null
                    && charges.stream().anyMatch(charge -> charge.key().equals(shard))) {
                throw new StoreUnavailableException(shard + " is down", null);
            }
            return super.decide(charges, maxWait);
        }

        @Override
        public void close() {
            closed = true;
            super.close();
        }
    }
}
