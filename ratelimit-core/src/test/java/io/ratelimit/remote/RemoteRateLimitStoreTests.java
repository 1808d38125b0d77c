package io.ratelimit.remote;

import static org.assertj.core.api.Assertions.assertThat;

import io.ratelimit.Charge;
import io.ratelimit.Decision;
import io.ratelimit.DecisionSource;
import io.ratelimit.ForwardingRateLimitStore;
import io.ratelimit.Limit;
import io.ratelimit.RateLimitStore;
import io.ratelimit.RecordingStore;
import io.ratelimit.StoreUnavailableException;
import io.ratelimit.memory.InMemoryRateLimitStore;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class RemoteRateLimitStoreTests {

    private static final Limit PREFETCHED = Limit.named("prefetched")
            .rates("10/1d")
            .prefetch(BigDecimal.valueOf(5))
            .build();
    private static final Charge ONE = new Charge(PREFETCHED, "key", 1_000);

    private final RecordingStore remote = new RecordingStore(() -> 0);
    private final InMemoryRateLimitStore local = InMemoryRateLimitStore.create(() -> 0, 100);

    @Test
    void theFirstDecoratorWrapsTheRemoteStoreAndEachFurtherOneTheDecoratorBefore() {
        List<String> passed = new ArrayList<>();
        RateLimitStore store = RemoteRateLimitStore.builder(remote, local)
                .decorator(inner -> new PassedStore(inner, "first", passed))
                .decorator(inner -> new PassedStore(inner, "second", passed))
                .build();
        store.decide(ONE);
        assertThat(passed).containsExactly("second", "first");
        assertThat(remote.drainCalls()).containsExactly("decide 1000");
    }

    @Test
    void answersFromPrefetchedTokensAndThenFromTheDenialCache() {
        RemoteRateLimitStore store = builder().build();
        for (int i = 0; i < 10; i++) {
            assertThat(store.decide(ONE).admitted()).isTrue();
        }
        assertThat(store.decide(ONE).admitted()).isFalse();
        remote.drainCalls();
        assertThat(store.decide(ONE).admitted()).isFalse();
        assertThat(remote.drainCalls()).isEmpty();
        assertThat(store.prefetchedTokens("prefetched")).hasValue(0);
        assertThat(store.prefetchedTokens("unknown")).hasValue(0);
    }

    @Test
    void withoutPrefetchEachAdmittedCallReachesTheRemoteStore() {
        RemoteRateLimitStore store = builder().prefetch(false).build();
        for (int i = 0; i < 10; i++) {
            assertThat(store.decide(ONE).admitted()).isTrue();
        }
        assertThat(remote.drainCalls()).containsOnly("decide 1000").hasSize(10);
        assertThat(store.prefetchedTokens("prefetched")).isEmpty();
    }

    @Test
    void withoutDenialCacheEachRejectedCallReachesTheRemoteStore() {
        RemoteRateLimitStore store =
                builder().prefetch(false).denialCache(false).build();
        store.decide(new Charge(PREFETCHED, "key", 10_000));
        remote.drainCalls();
        for (int i = 0; i < 3; i++) {
            assertThat(store.decide(ONE).admitted()).isFalse();
        }
        assertThat(remote.drainCalls()).hasSize(3);
    }

    @Test
    void anAnswerOfTheLocalStoreStartsNoPrefetch() {
        remote.failure = new StoreUnavailableException("down", null);
        RemoteRateLimitStore store = builder().build();
        for (int i = 0; i < 4; i++) {
            assertThat(store.decide(ONE).source()).isEqualTo(DecisionSource.LOCAL);
        }
        assertThat(store.outage()).contains("down");
        assertThat(remote.drainCalls()).containsOnly("decide 1000");
        assertThat(store.prefetchedTokens("prefetched")).hasValue(0);
    }

    private RemoteRateLimitStore.Builder builder() {
        return RemoteRateLimitStore.builder(remote, local).clock(() -> 0);
    }

    /** Records that a decision passed it. */
    private static final class PassedStore extends ForwardingRateLimitStore {

        private final String name;
        private final List<String> passed;

        PassedStore(RateLimitStore delegate, String name, List<String> passed) {
            super(delegate);
            this.name = name;
            this.passed = passed;
        }

        @Override
        public Decision decide(List<Charge> charges, Duration maxWait) {
            passed.add(name);
            return super.decide(charges, maxWait);
        }
    }
}
