package io.ratelimit.memory;

import static org.assertj.core.api.Assertions.assertThat;

import io.ratelimit.Charge;
import io.ratelimit.Limit;
import io.ratelimit.RateLimitStore;
import io.ratelimit.UnreliableStore;
import io.ratelimit.remote.RemoteRateLimitStore;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Keys that are crafted to have the same hash code. */
@Timeout(120)
@Tag("slow")
class EqualHashTests {

    private static final int KEYS = 20_000;

    /** Among so many ordinary keys there are enough of one segment. */
    private static final int BITS = 19;

    private static final int ROUNDS = 3;
    private static final Limit TEN = Limit.of("ten", "10/1d");

    private static final List<String> EQUAL =
            keys("Aa", "BB").stream().limit(KEYS).toList();
    private static final List<String> ORDINARY = keys("Cd", "Ef").stream()
            .filter(key -> segment(key) == segment(EQUAL.get(0)))
            .limit(KEYS)
            .toList();

    enum Memory {
        OWN_STORE(() -> InMemoryRateLimitStore.create(KEYS * 2)),
        WITHOUT_ROOM(() -> {
            InMemoryRateLimitStore full = InMemoryRateLimitStore.create(100);
            for (int i = 0; i < 100; i++) {
                full.decide(new Charge(TEN, "exhausted-" + i, 10_000));
            }
            return full;
        }),
        BEHIND_AN_UNAVAILABLE_STORE(() -> RemoteRateLimitStore.builder(
                        UnreliableStore.unavailable(InMemoryRateLimitStore.create()),
                        InMemoryRateLimitStore.create(KEYS * 2))
                .build());

        private final Supplier<RateLimitStore> store;

        Memory(Supplier<RateLimitStore> store) {
            this.store = store;
        }
    }

    /**
     * Measures both kinds of keys call by call in turn, each on a store of its own, while another thread adds and
     * removes keys in both stores. All keys of a kind share one lock, so that other work of the machine slows down both
     * kinds alike.
     */
    @ParameterizedTest
    @EnumSource
    void keysOfOneHashCodeTakeAtMostThreeTimesAsLongAsOthers(Memory memory) throws InterruptedException {
        long[] ordinaryNanos = new long[ROUNDS * KEYS];
        long[] equalNanos = new long[ROUNDS * KEYS];
        for (int round = 0; round < ROUNDS; round++) {
            measure(memory, round * KEYS, ordinaryNanos, equalNanos);
        }
        double ratio = (double) slowestHundredth(equalNanos) / slowestHundredth(ordinaryNanos);
        System.out.printf("%s: p99 %.2f times that of other keys%n", memory, ratio);
        assertThat(ratio).isLessThan(3);
    }

    private static void measure(Memory memory, int offset, long[] ordinaryNanos, long[] equalNanos)
            throws InterruptedException {
        try (RateLimitStore ordinary = memory.store.get();
                RateLimitStore equal = memory.store.get()) {
            ORDINARY.subList(0, KEYS / 2).forEach(key -> ordinary.decide(new Charge(TEN, key, 1)));
            EQUAL.subList(0, KEYS / 2).forEach(key -> equal.decide(new Charge(TEN, key, 1)));
            CountDownLatch running = new CountDownLatch(1);
            AtomicBoolean done = new AtomicBoolean();
            CompletableFuture<Void> others = CompletableFuture.runAsync(() -> {
                for (int i = 0; !done.get(); i = (i + 1) % KEYS) {
                    addAndRemove(ordinary, ORDINARY.get(i));
                    addAndRemove(equal, EQUAL.get(i));
                    running.countDown();
                }
            });
            running.await();
            for (int i = 0; i < KEYS; i++) {
                ordinaryNanos[offset + i] = nanosOfDecision(ordinary, ORDINARY.get(i));
                equalNanos[offset + i] = nanosOfDecision(equal, EQUAL.get(i));
            }
            done.set(true);
            others.join();
        }
    }

    private static void addAndRemove(RateLimitStore store, String key) {
        store.decide(new Charge(TEN, key, 1));
        store.reset(TEN, key);
    }

    private static long nanosOfDecision(RateLimitStore store, String key) {
        long start = System.nanoTime();
        store.decide(new Charge(TEN, key, 1));
        return System.nanoTime() - start;
    }

    private static long slowestHundredth(long[] nanos) {
        Arrays.sort(nanos);
        return nanos[nanos.length * 99 / 100];
    }

    @Test
    void theKeyedHashDistinguishesKeysOfOneHashCode() {
        assertThat(EQUAL.stream().mapToInt(String::hashCode).distinct()).hasSize(1);
        assertThat(EQUAL).doesNotHaveDuplicates();
        assertThat(hashes(EQUAL)).hasSizeGreaterThan(KEYS - 100);
    }

    /** The keys have the same polynomial hash for every odd factor, in ints and in longs. */
    @Test
    void theKeyedHashDistinguishesKeysCraftedForEveryPolynomialHash() {
        List<String> keys = new ArrayList<>();
        String zero = "a";
        String one = "b";
        for (int length = 1; length < 64; length *= 2) {
            String next = zero + one;
            one = one + zero;
            zero = next;
        }
        for (int number = 0; number < 8; number++) {
            keys.add(((number & 1) == 0 ? zero : one)
                    + ((number & 2) == 0 ? zero : one)
                    + ((number & 4) == 0 ? zero : one));
        }
        assertThat(hashes(keys)).hasSize(8);
    }

    @Test
    void eachKeyIsStoredUnderADifferentText() {
        List<String> keys = new ArrayList<>(List.of("", "a", "\0", "\0a", "a\0", "\ud800", "\udfff", "?", "\ufffd"));
        for (String text : List.of("x".repeat(200), "x".repeat(201), "x".repeat(1 << 20), "\ud800".repeat(300))) {
            keys.addAll(List.of(text, text + "y", "\0" + text));
        }
        Set<String> texts = new HashSet<>();
        for (String key : keys) {
            String text = KeyedHash.shortened(key);
            assertThat(text).isEqualTo(KeyedHash.shortened(new String(key))).hasSizeLessThanOrEqualTo(200);
            assertThat(KeyedHash.of(text)).isEqualTo(KeyedHash.of(new String(text)));
            assertThat(KeyedHash.number(text, 1024))
                    .isEqualTo(KeyedHash.number(new String(text), 1024))
                    .isBetween(0, 1023);
            texts.add(text);
        }
        assertThat(texts).hasSameSizeAs(keys);
    }

    @Test
    void aLongKeyIsLimitedAmongKeysOfOneHashCode() {
        RateLimitStore store = Memory.OWN_STORE.store.get();
        EQUAL.stream().limit(100).forEach(key -> store.decide(new Charge(TEN, key, 1_000)));
        Charge tooLong = new Charge(TEN, "x".repeat(1_000), 10_000);
        assertThat(store.decide(tooLong).admitted()).isTrue();
        assertThat(store.decide(tooLong).admitted()).isFalse();
        store.close();
    }

    private static Set<Integer> hashes(List<String> keys) {
        return keys.stream().map(KeyedHash::of).collect(Collectors.toSet());
    }

    /** Returns the number of the segment of a {@link BucketMap} in which a key is added under a lock. */
    private static int segment(String key) {
        int hash = TEN.nameHash() + key.hashCode();
        return (hash ^ hash >>> 16) & 15;
    }

    private static List<String> keys(String zero, String one) {
        List<String> keys = new ArrayList<>(1 << BITS);
        for (int number = 0; number < 1 << BITS; number++) {
            StringBuilder key = new StringBuilder();
            for (int bit = 0; bit < BITS; bit++) {
                key.append((number >> bit & 1) == 0 ? zero : one);
            }
            keys.add(key.toString());
        }
        Collections.shuffle(keys, new Random(1));
        return keys;
    }
}
