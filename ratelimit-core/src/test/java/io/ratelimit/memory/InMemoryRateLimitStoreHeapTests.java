package io.ratelimit.memory;

import static org.assertj.core.api.Assertions.assertThat;

import io.ratelimit.Charge;
import io.ratelimit.Limit;
import io.ratelimit.RateLimitStore;
import io.ratelimit.UnreliableStore;
import io.ratelimit.algorithm.Algorithm;
import io.ratelimit.remote.RemoteRateLimitStore;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Millions of rotating keys, and keys of a megabyte, in a heap of 256 MB. */
@Tag("fault")
class InMemoryRateLimitStoreHeapTests {

    private static final String GOOD = "exhausted key rejected, all new keys admitted, single tokens not all rejected";

    enum Memory {
        STORE,
        FALLBACK
    }

    @ParameterizedTest
    @CsvSource({"TOKEN_BUCKET, STORE", "SLIDING_WINDOW, FALLBACK"})
    void twoMillionRotatingKeysLeaveAnExhaustedKeyExhausted(Algorithm algorithm, Memory memory, @TempDir Path directory)
            throws Exception {
        assertThat(SmallHeap.run(256, RotatingKeys.class, directory, algorithm.name(), memory.name()))
                .endsWith(GOOD)
                .doesNotContain("OutOfMemory");
    }

    /** The main class of the JVM with the small heap. */
    static final class RotatingKeys {

        public static void main(String[] arguments) {
            Algorithm algorithm = Algorithm.valueOf(arguments[0]);
            Limit ten = Limit.named("ten").rates("10/1d").algorithm(algorithm).build();
            Limit one = Limit.named("one").rates("1/1d").algorithm(algorithm).build();
            InMemoryRateLimitStore own = InMemoryRateLimitStore.create();
            try (RateLimitStore store = arguments[1].equals(Memory.FALLBACK.name())
                    ? RemoteRateLimitStore.builder(UnreliableStore.unavailable(InMemoryRateLimitStore.create()), own)
                            .build()
                    : own) {
                long admitted = 0;
                long single = 0;
                boolean rejected = true;
                store.decide(new Charge(ten, "exhausted", 10_000));
                for (int i = 0; i < 2_000_000; i++) {
                    admitted += store.decide(new Charge(ten, "rotating-" + i, 1_000))
                                    .admitted()
                            ? 1
                            : 0;
                    if (i % 1_000 == 0) {
                        rejected &= !store.decide(new Charge(ten, "exhausted", 1_000))
                                .admitted();
                    }
                }
                for (int i = 0; i < 100_000; i++) {
                    single += store.decide(new Charge(one, "rotating-" + i, 1_000))
                                    .admitted()
                            ? 1
                            : 0;
                }
                String megabyte = "x".repeat(1_000_000);
                for (int i = 0; i < 400; i++) {
                    store.decide(new Charge(ten, i + megabyte, 1_000));
                }
                System.out.println((rejected ? "exhausted key rejected, " : "exhausted key admitted, ")
                        + (admitted == 2_000_000 ? "all new keys admitted, " : admitted + " new keys admitted, ")
                        + (single > 1_000 ? "single tokens not all rejected" : "single tokens rejected but " + single));
            }
        }
    }
}
