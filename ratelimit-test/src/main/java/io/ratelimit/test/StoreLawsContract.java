package io.ratelimit.test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.ratelimit.Algorithm;
import io.ratelimit.Charge;
import io.ratelimit.Decision;
import io.ratelimit.DecisionSource;
import io.ratelimit.Limit;
import io.ratelimit.Refill;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

abstract class StoreLawsContract extends StoreContractSection {

    private static final Limit TEN_A_SECOND = limit("ten", "10/s");
    private static final Limit PORTIONS = Limit.named("portions")
            .rates("3/1s burst 10")
            .refill(Refill.INTERVAL)
            .build();
    private static final List<Limit> ALL_KINDS = List.of(
            TEN_A_SECOND,
            limit("thirds", "3/1s burst 10"),
            limit("minute", "7/1m burst 10"),
            limit("several", "10/s", "60/1m burst 11", "100/1h burst 12"),
            PORTIONS,
            Limit.named("several-portions")
                    .rates("3/700ms burst 10", "20/1m burst 10.5")
                    .refill(Refill.INTERVAL)
                    .build(),
            window(Algorithm.SLIDING_WINDOW, "10/1s"),
            window(Algorithm.SLIDING_WINDOW_COUNTER, "10/1s"),
            window(Algorithm.FIXED_WINDOW, "10/1s"),
            window(Algorithm.SLIDING_WINDOW, "10/1s", "20/1m"),
            window(Algorithm.FIXED_WINDOW, "10/7m", "11/1h"));

    StoreLawsContract(RateLimitStoreContract contract) {
        super(contract);
    }

    @Test
    void hasANameForPeopleAndMeters() {
        assertThat(store.name()).matches("[a-z][a-z0-9-]*");
    }

    @Test
    void namesTheStoreAsTheSource() {
        assertThat(take(TEN_A_SECOND, "key", "1").source()).isEqualTo(DecisionSource.STORE);
    }

    @Test
    void closesMoreThanOnce() {
        take(TEN_A_SECOND, "key", "1");
        store.close();
        store.close();
    }

    @Test
    void sevenTokensAtOnceAreOneTokenSevenTimes() {
        for (Limit limit : ALL_KINDS) {
            take(limit, "at once", "7");
            for (int i = 0; i < 7; i++) {
                assertThat(take(limit, "one by one", "1").admitted()).isTrue();
            }
            assertSame(limit, "at once", "one by one");
            clock.advance(Duration.ofMillis(1234));
            assertSame(limit, "at once", "one by one");
        }
    }

    @Test
    void aBurstIsTheCapacityAndNotAThousandthMore() {
        for (Limit limit : ALL_KINDS) {
            assertThat(take(limit, "key", "10").admitted()).isTrue();
            assertThat(take(limit, "key", "0.001").admitted()).isFalse();
        }
    }

    @Test
    void aRefusalChangesNothing() {
        for (Limit limit : ALL_KINDS) {
            take(limit, "asked", "9.5");
            take(limit, "left alone", "9.5");
            for (int i = 0; i < 50; i++) {
                assertThat(take(limit, "asked", "9").admitted()).isFalse();
                clock.advance(Duration.ofNanos(1_234_567));
            }
            assertSame(limit, "asked", "left alone");
            clock.advance(retryAfter(take(limit, "asked", "5")));
            assertThat(take(limit, "asked", "5").admitted()).isTrue();
            assertThat(take(limit, "left alone", "5").admitted()).isTrue();
        }
    }

    @Test
    void aCostOfZeroIsFreeAndAlwaysAdmitted() {
        for (Limit limit : ALL_KINDS) {
            assertThat(peek(limit, "key").remaining()).isEqualTo(10);
            assertThat(peek(limit, "key").resetAfter()).isZero();
            take(limit, "key", "10");
            Decision peek = peek(limit, "key");
            assertThat(peek.admitted()).isTrue();
            assertThat(peek.retryAfter()).contains(Duration.ZERO);
            assertThat(peek.remaining()).isZero();
        }
    }

    @Test
    void lookingChangesNothing() {
        for (Limit limit : ALL_KINDS) {
            for (int i = 0; i < 50; i++) {
                peek(limit, "looked at");
                clock.advance(Duration.ofNanos(7_654_321));
            }
            take(limit, "looked at", "9.5");
            take(limit, "left alone", "9.5");
            for (int i = 0; i < 50; i++) {
                peek(limit, "looked at");
                clock.advance(Duration.ofNanos(1_234_567));
            }
            assertSame(limit, "looked at", "left alone");
        }
    }

    @Test
    void aCostAboveTheCapacityIsNeverAdmittedAndChangesNothing() {
        for (Limit limit : ALL_KINDS) {
            take(limit, "asked", "4");
            take(limit, "left alone", "4");
            for (String cost : List.of("10.001", "1000000", "9007199254740.992")) {
                Decision decision = take(limit, "asked", cost);
                assertThat(decision.admitted()).isFalse();
                assertThat(decision.isPermanent()).isTrue();
                assertThat(decision.retryAfter()).isEmpty();
                assertThat(decision.remaining()).isEqualTo(6);
            }
            assertSame(limit, "asked", "left alone");
        }
    }

    @Test
    void aCallThatFitsIsNotRefusedByAnotherThatNeverFits() {
        take(TEN_A_SECOND, "key", "11");
        assertThat(take(TEN_A_SECOND, "key", "10").admitted()).isTrue();
    }

    @Test
    void takesFromAllRatesOrNone() {
        Limit limit = limit("rates", "10/s", "15/1m");
        assertThat(take(limit, "key", "10").admitted()).isTrue();
        clock.advance(Duration.ofSeconds(1));
        Decision refused = take(limit, "key", "8");
        assertThat(refused.admitted()).isFalse();
        assertThat(refused.rejectedBy().orElseThrow().text()).isEqualTo("15/m");
        assertThat(refused.statuses()).extracting(status -> status.remaining()).containsExactly(10.0, 5.25);
        assertThat(take(limit, "key", "5.25").admitted()).isTrue();
        assertThat(peek(limit, "key").statuses())
                .extracting(status -> status.remaining())
                .containsExactly(4.75, 0.0);
    }

    @Test
    void takesFromAllLimitsOrNone() {
        Limit wide = limit("wide", "20/s");
        take(TEN_A_SECOND, "key", "8");
        Decision refused = decide(charge(wide, "key", "3"), charge(TEN_A_SECOND, "key", "3"));
        assertThat(refused.admitted()).isFalse();
        assertThat(refused.admits(0)).isFalse();
        assertThat(refused.admits(1)).isTrue();
        assertThat(peek(wide, "key").remaining()).isEqualTo(20);
        assertThat(peek(TEN_A_SECOND, "key").remaining()).isEqualTo(2);
        assertThat(decide(charge(wide, "key", "3"), charge(TEN_A_SECOND, "key", "2"))
                        .admitted())
                .isTrue();
        assertThat(peek(wide, "key").remaining()).isEqualTo(17);
        assertThat(peek(TEN_A_SECOND, "key").remaining()).isZero();
    }

    @Test
    void takesFromAllKeysOrNone() {
        take(TEN_A_SECOND, "user-7", "8");
        List<Charge> charges = IntStream.range(0, 10)
                .mapToObj(user -> charge(TEN_A_SECOND, "user-" + user, "3"))
                .toList();
        assertThat(decide(charges.toArray(new Charge[0])).admitted()).isFalse();
        for (int user = 0; user < 10; user++) {
            assertThat(peek(TEN_A_SECOND, "user-" + user).remaining()).isEqualTo(user == 7 ? 2 : 10);
        }
        clock.advance(Duration.ofMillis(100));
        assertThat(decide(charges.toArray(new Charge[0])).admitted()).isTrue();
        for (int user = 0; user < 10; user++) {
            assertThat(peek(TEN_A_SECOND, "user-" + user).remaining()).isEqualTo(user == 7 ? 0 : 7);
        }
    }

    @Test
    void aFreeChargeBesideAnotherIsFree() {
        decide(charge(TEN_A_SECOND, "free", "0"), charge(TEN_A_SECOND, "paid", "4"));
        assertThat(peek(TEN_A_SECOND, "free").remaining()).isEqualTo(10);
        assertThat(peek(TEN_A_SECOND, "paid").remaining()).isEqualTo(6);
    }

    @Test
    void forgettingAnEmptyBucketFillsIt() {
        for (Limit limit : ALL_KINDS) {
            take(limit, "key", "10");
            reset(limit, "key");
            assertThat(peek(limit, "key").remaining()).isEqualTo(10);
            assertThat(take(limit, "key", "10").admitted()).isTrue();
        }
    }

    @Test
    void forgettingAFullBucketChangesNothing() {
        for (Limit limit : ALL_KINDS) {
            take(limit, "forgotten", "10");
            take(limit, "kept", "10");
            clock.advance(peek(limit, "kept").resetAfter().plusNanos(345_678_912));
            reset(limit, "forgotten");
            assertSame(limit, "forgotten", "kept");
            clock.advance(Duration.ofMillis(456));
            take(limit, "forgotten", "6");
            take(limit, "kept", "6");
            assertSame(limit, "forgotten", "kept");
            clock.advance(Duration.ofMillis(678));
            assertSame(limit, "forgotten", "kept");
        }
    }

    @Test
    void forgettingABucketThatIsNotThereIsNothing() {
        reset(TEN_A_SECOND, "nobody");
        assertThat(peek(TEN_A_SECOND, "nobody").remaining()).isEqualTo(10);
    }

    @Test
    void retryAfterIsNotATickTooLongNorTooShort() {
        for (Limit limit : ALL_KINDS) {
            for (String cost : List.of("0.001", "0.333", "1", "7.5", "10")) {
                assertTightRetry(charge(limit, "key", cost));
            }
        }
    }

    @Test
    void retryAfterOfSeveralLimitsAndKeysIsTheLongest() {
        assertTightRetry(
                charge(TEN_A_SECOND, "one", "3"), charge(TEN_A_SECOND, "other", "9"), charge(PORTIONS, "one", "1"));
        assertTightRetry(charge(TEN_A_SECOND, "one", "1"), charge(limit("hour", "1/1h burst 5"), "one", "2"));
    }

    @Test
    void resetAfterIsNotATickTooLongNorTooShort() {
        for (Limit limit : ALL_KINDS) {
            take(limit, "key", "6.789");
            clock.advance(Duration.ofMillis(100));
            assertThat(take(limit, "key", "0.5").admitted()).isTrue();
            Duration reset = peek(limit, "key").resetAfter();
            clock.advance(reset.minus(tick(limit)));
            assertThat(peek(limit, "key").resetAfter()).isPositive().isLessThanOrEqualTo(tick(limit));
            clock.advance(tick(limit));
            assertThat(peek(limit, "key").resetAfter()).isZero();
            assertThat(peek(limit, "key").remaining()).isEqualTo(10);
        }
    }

    @Test
    void smoothRefillGivesNeitherMoreNorLessThanItsRate() {
        Limit limit = limit("seventh", "7/3s burst 0.5");
        BigDecimal taken = BigDecimal.ZERO;
        for (int i = 0; i < 3_000; i++) {
            clock.advance(Duration.ofMillis(i % 13));
            taken = taken.add(take(limit, "key", "0.05").admitted() ? new BigDecimal("0.05") : BigDecimal.ZERO);
        }
        double earned = 0.5 + 7 * clock.now().toNanos() / 3e9;
        assertThat(taken.doubleValue()).isLessThanOrEqualTo(earned).isGreaterThan(earned - 0.1);
    }

    @Test
    void intervalRefillComesInWholePortionsSinceTheFirstCharge() {
        clock.advance(Duration.ofMillis(2345));
        take(PORTIONS, "key", "10");
        clock.advance(Duration.ofNanos(999_999_000));
        assertThat(peek(PORTIONS, "key").remaining()).isZero();
        clock.advance(Duration.ofNanos(1_000));
        assertThat(peek(PORTIONS, "key").remaining()).isEqualTo(3);
        clock.advance(Duration.ofMillis(2_999));
        assertThat(peek(PORTIONS, "key").remaining()).isEqualTo(6 + 3);
        assertThat(peek(PORTIONS, "key").resetAfter()).isEqualTo(Duration.ofMillis(1));
    }

    @Test
    void keysShareNothingHoweverTheyAreWritten() {
        List<String> keys = Stream.of(hostile(), Stream.of(Charge.SHARED))
                .flatMap(key -> key)
                .toList();
        assertThat(keys).doesNotHaveDuplicates();
        for (int i = 0; i < keys.size(); i++) {
            assertThat(take(TEN_A_SECOND, keys.get(i), tokens(i)).remaining())
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
    void limitsShareNothingHoweverTheyAreNamed() {
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
    void aClockThatIsSetBackALittleWaits() {
        assumeTrue(contract.ownsWallClock(), "the store's clock is monotonic");
        clock.advance(Duration.ofHours(1));
        take(TEN_A_SECOND, "key", "9");
        clock.stepBack(Duration.ofMillis(300));
        assertThat(take(TEN_A_SECOND, "key", "1").admitted()).isTrue();
        assertThat(take(TEN_A_SECOND, "key", "0.001").admitted()).isFalse();
        clock.advance(Duration.ofMillis(300));
        assertThat(peek(TEN_A_SECOND, "key").remaining()).isZero();
        clock.advance(Duration.ofMillis(300));
        assertThat(peek(TEN_A_SECOND, "key").remaining()).isEqualTo(3);
    }

    @Test
    void aClockThatIsSetBackForGoodNeitherRefillsNorStalls() {
        assumeTrue(contract.ownsWallClock(), "the store's clock is monotonic");
        clock.advance(Duration.ofHours(10));
        for (Limit limit : ALL_KINDS) {
            take(limit, "key", "10");
        }
        clock.stepBack(Duration.ofHours(9));
        for (Limit limit : ALL_KINDS) {
            Decision refused = take(limit, "key", "1");
            assertThat(refused.admitted()).isFalse();
            assertThat(refused.remaining()).isZero();
            clock.advance(retryAfter(refused));
            assertThat(take(limit, "key", "1").admitted())
                    .as("after %s", refused)
                    .isTrue();
        }
    }

    /** Empties the buckets by turns, then checks that the charges fit exactly when they are said to. */
    private void assertTightRetry(Charge... charges) {
        for (Charge charge : charges) {
            reset(charge.limit(), charge.key());
            take(charge.limit(), charge.key(), "4.444");
            clock.advance(Duration.ofMillis(77));
            Decision look = peek(charge.limit(), charge.key());
            take(
                    charge.limit(),
                    charge.key(),
                    BigDecimal.valueOf(look.remaining()).toPlainString());
        }
        Decision refused = decide(charges);
        assertThat(refused.admitted()).isFalse();
        Duration period =
                refused.rejectedBy().orElseThrow().rate().orElseThrow().period();
        Duration tick = Duration.ofNanos(period.toSeconds() < 60 ? 1_000 : 1_000_000);
        clock.advance(retryAfter(refused).minus(tick));
        assertThat(decide(charges).admitted()).as("a tick before %s", refused).isFalse();
        clock.advance(tick);
        assertThat(decide(charges).admitted())
                .as("at the instant of %s", refused)
                .isTrue();
    }

    private void assertSame(Limit limit, String one, String other) {
        assertThat(figures(peek(limit, one))).isEqualTo(figures(peek(limit, other)));
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

    private static Limit window(Algorithm algorithm, String... rates) {
        return Limit.named(algorithm + "-" + rates.length)
                .rates(rates)
                .algorithm(algorithm)
                .build();
    }

    private static Limit limit(String name, String... rates) {
        return Limit.named(name).rates(rates).cost(BigDecimal.ZERO).build();
    }
}
