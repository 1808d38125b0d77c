package io.ratelimit.sample.documentation;

import io.ratelimit.Charge;
import io.ratelimit.Decision;
import io.ratelimit.InMemoryRateLimitStore;
import io.ratelimit.LeaseState;
import io.ratelimit.Limit;
import io.ratelimit.RateLimitStore;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;

/** The types that examples mention and do not show. */
public final class ExampleTypes {

    private ExampleTypes() {}

    public record Hit(String text) {}

    public record Quote(int cents) {}

    public record Row(int id) {}

    public record User(String id, String plan) {}

    public record Completion(String text, int tokens) {}

    /** The store that a reader writes. */
    public static final class MyStore implements RateLimitStore {

        private final InMemoryRateLimitStore memory;

        public MyStore(LongSupplier clock) {
            memory = InMemoryRateLimitStore.create(clock, 100);
        }

        @Override
        public String name() {
            return "mine";
        }

        @Override
        public Decision decide(List<Charge> charges, Duration maxWait) {
            return memory.decide(charges, maxWait);
        }

        @Override
        public CompletionStage<Decision> decideAsync(List<Charge> charges, Duration maxWait) {
            return memory.decideAsync(charges, maxWait);
        }

        @Override
        public CompletionStage<Void> refund(Decision taken, List<Charge> unused) {
            return memory.refund(taken, unused);
        }

        @Override
        public CompletionStage<Void> debit(Decision taken, List<Charge> more) {
            return memory.debit(taken, more);
        }

        @Override
        public CompletionStage<List<LeaseState>> renew(List<Decision> decisions) {
            return memory.renew(decisions);
        }

        @Override
        public void onLeaseReady(LongConsumer listener) {
            memory.onLeaseReady(listener);
        }

        @Override
        public void reset(Limit limit, String key) {
            memory.reset(limit, key);
        }

        @Override
        public void close() {
            memory.close();
        }
    }
}
