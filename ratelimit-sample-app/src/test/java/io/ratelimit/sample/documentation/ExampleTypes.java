package io.ratelimit.sample.documentation;

import io.ratelimit.ForwardingRateLimitStore;
import io.ratelimit.memory.InMemoryRateLimitStore;
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
    public static final class MyStore extends ForwardingRateLimitStore {

        public MyStore(LongSupplier clock) {
            super(InMemoryRateLimitStore.create(clock, 100));
        }
    }
}
