package io.ratelimit.test;

import static io.ratelimit.test.ContractLimits.EVERY_KIND;
import static io.ratelimit.test.ContractLimits.TEN_A_SECOND;
import static io.ratelimit.test.ContractLimits.TWO_AT_ONCE;
import static io.ratelimit.test.ContractLimits.limit;
import static org.assertj.core.api.Assertions.assertThat;

import io.ratelimit.Charge;
import io.ratelimit.Decision;
import io.ratelimit.Limit;
import io.ratelimit.RateLimiterRegistry;
import io.ratelimit.algorithm.LeaseState;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Checks that each key of each limit has a bucket of its own, which a reset fills and a removal of the limit frees. */
abstract class StoreIsolationContract extends StoreContractSection {

    StoreIsolationContract(TestedStore tested) {
        super(tested);
    }

    @Test
    void keysOfAnySpellingHaveSeparateBuckets() {
        List<String> keys = Stream.of(hostile(), Stream.of(Charge.SHARED))
                .flatMap(key -> key)
                .toList();
        assertThat(keys).doesNotHaveDuplicates();
        for (int i = 0; i < keys.size(); i++) {
            assertThat(tryAcquire(TEN_A_SECOND, keys.get(i), tokens(i)).remaining())
                    .as("key %d", i)
                    .isEqualTo(left(i));
        }
        for (int i = 0; i < keys.size(); i++) {
            assertThat(peek(TEN_A_SECOND, keys.get(i)).remaining())
                    .as("key %d", i)
                    .isEqualTo(left(i));
        }
        reset(TEN_A_SECOND, "user-42");
        for (int i = 0; i < keys.size(); i++) {
            double left = keys.get(i).equals("user-42") ? 10 : left(i);
            assertThat(peek(TEN_A_SECOND, keys.get(i)).remaining())
                    .as("key %d", i)
                    .isEqualTo(left);
        }
    }

    @Test
    void limitsOfAnyNameHaveSeparateBuckets() {
        List<Charge> charges = List.of(
                charge(limit("a", "10/s"), "b.c", "1"),
                charge(limit("a.b", "10/s"), "c", "2"),
                charge(limit("a-b", "10/s"), "c", "3"),
                charge(limit("a_b", "10/s"), "c", "4"),
                charge(limit("A", "10/s"), "b.c", "5"),
                charge(limit("a", "10/s"), "b:c", "6"),
                charge(limit("b", "10/s"), "a", "7"));
        for (Charge charge : charges) {
            assertThat(decide(charge).remaining()).isEqualTo(10 - charge.cost() / 1000.0);
        }
    }

    @Test
    void resettingAnEmptyBucketFillsIt() {
        for (Limit limit : EVERY_KIND) {
            tryAcquire(limit, "key", "10");
            reset(limit, "key");
            assertThat(peek(limit, "key").remaining()).isEqualTo(10);
            assertThat(tryAcquire(limit, "key", "10").admitted()).isTrue();
        }
    }

    @Test
    void resettingAFullBucketChangesNothing() {
        for (Limit limit : EVERY_KIND) {
            tryAcquire(limit, "forgotten", "10");
            tryAcquire(limit, "kept", "10");
            clock.advance(peek(limit, "kept").resetAfter().plusNanos(345_678_912));
            reset(limit, "forgotten");
            assertSameStatus(limit, "forgotten", "kept");
            clock.advance(Duration.ofMillis(456));
            tryAcquire(limit, "forgotten", "6");
            tryAcquire(limit, "kept", "6");
            assertSameStatus(limit, "forgotten", "kept");
            clock.advance(Duration.ofMillis(678));
            assertSameStatus(limit, "forgotten", "kept");
        }
    }

    @Test
    void resettingAnUnknownKeyChangesNothing() {
        reset(TEN_A_SECOND, "nobody");
        assertThat(peek(TEN_A_SECOND, "nobody").remaining()).isEqualTo(10);
    }

    @Test
    void resettingAKeyEndsItsLeases() {
        Decision held = tryAcquire(TWO_AT_ONCE, "key", "2");
        reset(TWO_AT_ONCE, "key");
        assertThat(renew(held)).isEqualTo(LeaseState.LOST);
        assertThat(tryAcquire(TWO_AT_ONCE, "key", "2").admitted()).isTrue();
    }

    @Test
    void removingALimitChangesNoBucketOfAnother() {
        List<Limit> others = List.of(limit("a.b", "10/s"), limit("aa", "10/s"), limit("A", "10/s"), TEN_A_SECOND);
        others.forEach(other -> tryAcquire(other, "key", "4"));
        tryAcquire(limit("a", "10/s"), "key", "4");
        remove(limit("a", "10/s"));
        for (Limit other : others) {
            assertThat(peek(other, "key").remaining()).as(other.name()).isEqualTo(6);
        }
    }

    @Test
    void allBucketsOfARemovedLimitAreFullOrAsBefore() {
        for (Limit limit : EVERY_KIND) {
            tryAcquire(limit, "key", "10");
            tryAcquire(limit, "other", "10");
            tryAcquire(limit, Charge.SHARED, "10");
            remove(limit);
            double left = peek(limit, "key").remaining();
            assertThat(left).isIn(0.0, 10.0);
            assertThat(peek(limit, "other").remaining()).isEqualTo(left);
            assertThat(peek(limit, Charge.SHARED).remaining()).isEqualTo(left);
            assertThat(tryAcquire(limit, "key", "10").admitted()).isEqualTo(left == 10);
            assertThat(tryAcquire(limit, "key", "10").admitted()).isFalse();
        }
    }

    @Test
    void aCallEndsAfterTheRemovalOfItsLimit() {
        try (RateLimiterRegistry registry = new RateLimiterRegistry(store, List.of())) {
            Decision taken = registry.define(TEN_A_SECOND).tryAcquire("key", 4);
            Decision held = registry.define(TWO_AT_ONCE).tryAcquire("key");
            registry.remove(TEN_A_SECOND.name());
            registry.remove(TWO_AT_ONCE.name());
            assertThat(await(store.renew(List.of(held)))).containsExactly(LeaseState.HELD);
            await(registry.refund(held));
            await(registry.refund(taken));
            assertThat(peek(TEN_A_SECOND, "key").remaining()).isEqualTo(10);
            assertThat(tryAcquire(TWO_AT_ONCE, "key", "2").admitted()).isTrue();
        }
    }

    private static Stream<String> hostile() {
        return Stream.of(
                "user-42",
                "User-42",
                "user-42 ",
                " user-42",
                "user-4",
                "user-421",
                "user-42\0",
                "user-42\r\n",
                "\r\n",
                "\n",
                "}",
                "{",
                "{}",
                "{x}",
                "x",
                "{x}y",
                "}{x}",
                "*",
                "?",
                "[a]",
                "\\",
                "%7D",
                "%",
                "%25",
                ":",
                "::",
                "a:b",
                "a",
                "b",
                "#{T(java.lang.Runtime)}",
                "${user.home}",
                "\ud800",
                "\ud801",
                "\udc00",
                "\ufffd",
                "é",
                "e\u0301",
                "0",
                "1",
                "1024",
                "null",
                "a".repeat(200),
                "a".repeat(201),
                "a".repeat(1 << 20),
                "a".repeat((1 << 20) - 1) + "b");
    }

    private static String tokens(int i) {
        return BigDecimal.valueOf(1 + i, 1).toPlainString();
    }

    private static double left(int i) {
        return BigDecimal.TEN.subtract(BigDecimal.valueOf(1 + i, 1)).doubleValue();
    }
}
