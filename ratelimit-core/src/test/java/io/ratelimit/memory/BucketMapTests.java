package io.ratelimit.memory;

import static org.assertj.core.api.Assertions.assertThat;

import io.ratelimit.Limit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class BucketMapTests {

    private static final BucketLayout LAYOUT = layout();

    private final BucketMap map = new BucketMap();

    enum Keys {
        ORDINARY("Cd", "Ef"),
        OF_ONE_HASH_CODE("Aa", "BB");

        private final String zero;
        private final String one;

        Keys(String zero, String one) {
            this.zero = zero;
            this.one = one;
        }

        String key(int number) {
            StringBuilder key = new StringBuilder();
            for (int bit = 0; bit < 12; bit++) {
                key.append((number >> bit & 1) == 0 ? zero : one);
            }
            return key.toString();
        }
    }

    @ParameterizedTest
    @EnumSource
    void hasTheEntriesOfAHashMap(Keys keys) {
        Random random = new Random(1);
        Map<String, Bucket> model = new HashMap<>();
        for (int i = 0; i < 50_000; i++) {
            String key = keys.key(random.nextInt(2000));
            Bucket bucket = bucket(key);
            Bucket there = model.get(key);
            switch (random.nextInt(4)) {
                case 0 ->
                    assertThat(map.replace(there == null ? bucket : there, null))
                            .isEqualTo(model.remove(key) != null);
                case 1 -> {
                    assertThat(map.replace(there == null ? bucket : there, bucket))
                            .isEqualTo(there != null);
                    model.computeIfPresent(key, (same, old) -> bucket);
                }
                default -> assertThat(map.putIfAbsent(bucket)).isSameAs(model.putIfAbsent(key, bucket));
            }
            assertThat(map.get(LAYOUT.limit, key)).isSameAs(model.get(key));
        }
        assertThat(map).containsExactlyInAnyOrderElementsOf(model.values());
    }

    @ParameterizedTest
    @EnumSource
    void findsEveryBucketWhileItGrows(Keys keys) {
        List<String> early = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            early.add(keys.key(i));
            map.putIfAbsent(bucket(keys.key(i)));
        }
        AtomicBoolean done = new AtomicBoolean();
        CompletableFuture<Void> growing = CompletableFuture.runAsync(() -> {
            for (int i = 0; i < 200_000; i++) {
                map.putIfAbsent(bucket("more-" + i));
            }
            done.set(true);
        });
        do {
            for (String key : early) {
                assertThat(map.get(LAYOUT.limit, key)).as(key).isNotNull();
                assertThat(map.putIfAbsent(bucket(key))).as(key).isNotNull();
            }
        } while (!done.get());
        growing.join();
    }

    @Test
    void theIteratorOfAnEmptyMapHasNoElement() {
        assertThat(map).isEmpty();
        Bucket bucket = bucket("a");
        map.putIfAbsent(bucket);
        assertThat(map.replace(bucket, null)).isTrue();
        assertThat(map.replace(bucket, null)).isFalse();
        assertThat(map).isEmpty();
    }

    private static BucketLayout layout() {
        BucketMap other = new BucketMap();
        return new LimitBuckets(
                        Limit.of("search", "10/s"),
                        other,
                        new CapacityEviction(1, other, StoreClock.of(() -> 0)),
                        new RateConfiguration.Pool(),
                        StoreClock.of(() -> 0))
                .layout();
    }

    private static Bucket bucket(String key) {
        return Bucket.full(key, LAYOUT);
    }
}
