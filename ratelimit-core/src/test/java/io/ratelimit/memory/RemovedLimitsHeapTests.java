package io.ratelimit.memory;

import static org.assertj.core.api.Assertions.assertThat;

import io.ratelimit.Charge;
import io.ratelimit.Limit;
import io.ratelimit.RateLimitStore;
import io.ratelimit.RateLimiter;
import io.ratelimit.RateLimiterRegistry;
import io.ratelimit.remote.RemoteRateLimitStore;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** 400,000 limits that are defined, used, removed and used by a late call one after the other, in a heap of 128 MB. */
@Tag("slow")
class RemovedLimitsHeapTests {

    private static final String GOOD = "400000 limits were removed";

    enum Limits {
        OF_EQUAL_RATES("100"),
        OF_THEIR_OWN_RATES(""),
        IN_FRONT_OF_A_REMOTE_STORE("100");

        private final String tokens;

        Limits(String tokens) {
            this.tokens = tokens;
        }

        RateLimitStore store() {
            InMemoryRateLimitStore memory = InMemoryRateLimitStore.create();
            return this == IN_FRONT_OF_A_REMOTE_STORE
                    ? RemoteRateLimitStore.builder(memory, InMemoryRateLimitStore.create())
                            .build()
                    : memory;
        }

        Limit limit(int number) {
            Limit.Builder limit = Limit.named("tenant-" + number)
                    .rates((tokens.isEmpty() ? Integer.toString(number + 100) : tokens) + "/1d");
            return (this == IN_FRONT_OF_A_REMOTE_STORE ? limit.prefetch(BigDecimal.TEN) : limit).build();
        }
    }

    @ParameterizedTest
    @EnumSource
    void aHeapOf128MegabytesIsEnough(Limits limits, @TempDir Path directory) throws Exception {
        assertThat(SmallHeap.run(128, Tenants.class, directory, limits.name())).isEqualTo(GOOD);
    }

    /** The main class of the JVM with the small heap. */
    static final class Tenants {

        public static void main(String[] arguments) {
            Limits limits = Limits.valueOf(arguments[0]);
            try (RateLimiterRegistry registry = new RateLimiterRegistry(limits.store(), List.of(), true)) {
                int removed = 0;
                for (int i = 0; i < 400_000; i++) {
                    RateLimiter limiter = registry.define(limits.limit(i));
                    for (int call = 0; call < 3; call++) {
                        limiter.tryAcquire("user-" + i, 40);
                    }
                    limiter.tryAcquire();
                    Charge late = limiter.charge("user-" + i, 40);
                    removed += registry.remove(limiter.name()) ? 1 : 0;
                    registry.store().decide(late);
                }
                System.out.println(removed + " limits were removed");
            }
        }
    }
}
