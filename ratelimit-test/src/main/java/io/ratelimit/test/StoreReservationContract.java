package io.ratelimit.test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.ratelimit.Algorithm;
import io.ratelimit.Charge;
import io.ratelimit.Decision;
import io.ratelimit.Limit;
import io.ratelimit.Refill;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

abstract class StoreReservationContract extends StoreContractSection {

    private static final Duration LONG = Duration.ofHours(3);
    private static final Limit TEN_A_SECOND = Limit.of("ten", "10/s");
    private static final Limit PORTIONS = Limit.named("portions")
            .rates("3/1s burst 10")
            .refill(Refill.INTERVAL)
            .build();
    private static final Limit LOG = window("log", Algorithm.SLIDING_WINDOW, "10/1m");
    private static final Limit WINDOWS = window("windows", Algorithm.FIXED_WINDOW, "10/1s");
    private static final Limit COUNTER = window("counter", Algorithm.SLIDING_WINDOW_COUNTER, "10/1s");
    private static final List<Limit> ALL_THAT_WAIT =
            List.of(TEN_A_SECOND, Limit.of("two", "10/s", "12/1m"), PORTIONS, LOG, WINDOWS);

    private static final List<Limit> ALL =
            Stream.concat(ALL_THAT_WAIT.stream(), Stream.of(COUNTER)).toList();

    StoreReservationContract(RateLimitStoreContract contract) {
        super(contract);
    }

    @Test
    void aReservationIsGrantedWhenItWouldHaveFitted() {
        for (Limit limit : ALL_THAT_WAIT) {
            take(limit, "key", "9.5");
            clock.advance(Duration.ofMillis(123));
            Decision refused = take(limit, "key", "3");
            Duration retry = retryAfter(refused);
            assertThat(retry).isPositive();
            Decision reserved = decide(retry, charge(limit, "key", "3"));
            assertThat(reserved.admitted()).as(limit.name()).isTrue();
            assertThat(reserved.waitTime()).as(limit.name()).isEqualTo(retry);
        }
    }

    @Test
    void aWaitThatWouldBeATickTooLongIsRefusedAndTakesNothing() {
        for (Limit limit : ALL_THAT_WAIT) {
            take(limit, "key", "10");
            Decision before = peek(limit, "key");
            Duration retry = retryAfter(take(limit, "key", "3"));
            Decision refused = decide(retry.minusNanos(1), charge(limit, "key", "3"));
            assertThat(refused.admitted()).as(limit.name()).isFalse();
            assertThat(refused.waitTime()).isZero();
            assertThat(refused.retryAfter()).contains(retry);
            assertThat(figures(peek(limit, "key"))).as(limit.name()).isEqualTo(figures(before));
        }
    }

    @Test
    void whatFitsNowDoesNotWait() {
        for (Limit limit : ALL_THAT_WAIT) {
            Decision now = decide(LONG, charge(limit, "key", "10"));
            assertThat(now.admitted()).isTrue();
            assertThat(now.waitTime()).isZero();
            assertThat(decide(LONG, charge(limit, "key", "0")).waitTime()).isZero();
            assertThat(decide(LONG, charge(limit, "key", "10.001")).isPermanent())
                    .isTrue();
        }
    }

    @Test
    void whoComesFirstIsServedFirst() {
        for (Limit limit : ALL_THAT_WAIT) {
            Duration last = Duration.ZERO;
            for (int i = 0; i < 20; i++) {
                Decision reserved = decide(LONG, charge(limit, "key", i % 2 == 0 ? "5" : "1"));
                Duration granted = clock.now().plus(reserved.waitTime());
                assertThat(granted).as(limit.name()).isGreaterThanOrEqualTo(last);
                last = granted;
                clock.advance(Duration.ofMillis(10));
            }
            assertThat(take(limit, "key", "0.001").admitted())
                    .as("%s lets somebody overtake", limit.name())
                    .isFalse();
        }
    }

    @Test
    void aFreeCallIsAdmittedAtOnceHoweverMuchIsPromised() {
        for (Limit limit : ALL_THAT_WAIT) {
            take(limit, "key", "10");
            decide(LONG, charge(limit, "key", "10"));
            assertThat(peek(limit, "key").admitted()).as(limit.name()).isTrue();
            assertThat(decide(LONG, charge(limit, "key", "0")).waitTime()).isZero();
        }
    }

    @Test
    void reservationsHoldNoMoreThanCallsThatComeWhenTheyFit() {
        for (Limit limit : ALL_THAT_WAIT) {
            List<Duration> reserved = new ArrayList<>();
            for (int i = 0; i < 40; i++) {
                Decision decision = decide(LONG, charge(limit, "at once", "1"));
                reserved.add(clock.now().plus(decision.waitTime()));
            }
            for (Duration granted : reserved) {
                clock.set(granted);
                assertThat(take(limit, "one by one", "1").admitted())
                        .as("%s at %s", limit.name(), granted)
                        .isTrue();
            }
        }
    }

    @Test
    void aCallOfSeveralLimitsIsGrantedWhenTheLastOfThemFits() {
        take(TEN_A_SECOND, "key", "10");
        take(LOG, "key", "10");
        Charge[] both = {charge(TEN_A_SECOND, "key", "5"), charge(LOG, "key", "5")};
        assertThat(decide(Duration.ofSeconds(59), both).admitted()).isFalse();
        assertThat(decide(Duration.ofMinutes(1), both).waitTime()).isEqualTo(Duration.ofMinutes(1));
        assertThat(retryAfter(take(TEN_A_SECOND, "key", "5"))).isEqualTo(Duration.ofSeconds(1));
        assertThat(retryAfter(take(LOG, "key", "6"))).isEqualTo(Duration.ofMinutes(2));
    }

    @Test
    void whatIsGivenBackIsThereForTheNextBehindThoseWhoWait() {
        for (Limit limit : ALL_THAT_WAIT) {
            Duration promised = Duration.ZERO;
            List<Duration> next = new ArrayList<>();
            for (String key : List.of("given back", "kept")) {
                take(limit, key, "10");
                Decision first = decide(LONG, charge(limit, key, "4"));
                promised = decide(LONG, charge(limit, key, "6")).waitTime();
                if (key.equals("given back")) {
                    refund(first, "4");
                }
                next.add(decide(LONG, charge(limit, key, "4")).waitTime());
            }
            assertThat(next.get(0)).as(limit.name()).isEqualTo(promised).isLessThan(next.get(1));
        }
    }

    @Test
    void whenEverythingPromisedIsGivenBackNothingIsLost() {
        for (Limit limit : ALL_THAT_WAIT) {
            take(limit, "key", "10");
            Decision before = peek(limit, "key");
            List<Decision> reserved = new ArrayList<>();
            for (int i = 0; i < 30; i++) {
                reserved.add(decide(LONG, charge(limit, "key", i % 3 == 0 ? "2.5" : "1")));
            }
            for (int i = 0; i < reserved.size(); i++) {
                refund(reserved.get(i), i % 3 == 0 ? "2.5" : "1");
            }
            assertThat(figures(peek(limit, "key"))).as(limit.name()).isEqualTo(figures(before));
            clock.advance(before.resetAfter());
            assertThat(take(limit, "key", "10").admitted()).as(limit.name()).isTrue();
        }
    }

    @Test
    void givesBackNoMoreThanTheCapacity() {
        for (Limit limit : ALL_THAT_WAIT) {
            Decision taken = take(limit, "key", "4");
            take(limit, "key", "1");
            refund(taken, "4");
            assertThat(peek(limit, "key").remaining()).as(limit.name()).isEqualTo(9);
            reset(limit, "key");
            refund(taken, "4");
            assertThat(peek(limit, "key").remaining()).as(limit.name()).isEqualTo(10);
        }
    }

    @Test
    void whatACallUsedBeyondItsChargeIsADebtOfAtMostTheCapacity() {
        for (Limit limit : ALL) {
            Decision taken = take(limit, "key", "4");
            debit(taken, "3");
            assertThat(peek(limit, "key").remaining()).as(limit.name()).isEqualTo(3);
            debit(taken, "5");
            assertThat(peek(limit, "key").remaining()).as(limit.name()).isZero();
            assertThat(take(limit, "key", "0.001").admitted()).as(limit.name()).isFalse();
            Decision once = take(limit, "other", "10");
            debit(once, "1000000");
            Duration reset = peek(limit, "other").resetAfter();
            debit(once, "10");
            assertThat(peek(limit, "other").resetAfter()).as(limit.name()).isEqualTo(reset);
            clock.advance(reset);
            assertThat(take(limit, "other", "10").admitted()).as(limit.name()).isTrue();
        }
    }

    @Test
    void aDebtIsPaidBeforeAnybodyIsAdmitted() {
        Decision taken = take(TEN_A_SECOND, "key", "10");
        debit(taken, "4");
        assertThat(retryAfter(take(TEN_A_SECOND, "key", "1"))).isEqualTo(Duration.ofMillis(500));
        Decision logged = take(LOG, "key", "10");
        clock.advance(Duration.ofSeconds(5));
        debit(logged, "4");
        assertThat(retryAfter(take(LOG, "key", "6"))).isEqualTo(Duration.ofSeconds(55));
        assertThat(retryAfter(take(LOG, "key", "7"))).isEqualTo(Duration.ofMinutes(1));
    }

    @Test
    void whatMayHaveComeBackAnywayIsNotGivenBackTwice() {
        for (Limit limit : ALL) {
            Decision taken = take(limit, "key", "10");
            Duration reset = peek(limit, "key").resetAfter();
            clock.advance(reset.multipliedBy(2));
            assertThat(take(limit, "key", "6").admitted()).isTrue();
            refund(taken, "10");
            assertThat(peek(limit, "key").remaining()).as(limit.name()).isEqualTo(4);
        }
    }

    @Test
    void aCounterPromisesNothingButLetsOthersOfTheCallWait() {
        assertThat(COUNTER.canWait()).isFalse();
        take(TEN_A_SECOND, "key", "10");
        Charge[] both = {charge(TEN_A_SECOND, "key", "5"), charge(COUNTER, "key", "5")};
        assertThat(decide(LONG, both).waitTime()).isEqualTo(Duration.ofMillis(500));
        Decision refused = decide(LONG, charge(TEN_A_SECOND, "key", "5"), charge(COUNTER, "key", "6"));
        assertThat(refused.admitted()).isFalse();
        assertThat(refused.admits(0)).isFalse();
        assertThat(refused.admits(1)).isTrue();
        assertThat(retryAfter(take(TEN_A_SECOND, "key", "5"))).isEqualTo(Duration.ofSeconds(1));
    }

    @Test
    void whatIsGivenBackAfterTheClockWasSetBackForGoodIsGivenBackWhole() {
        assumeTrue(contract.ownsWallClock(), "the store's clock is monotonic");
        clock.advance(Duration.ofHours(10));
        take(LOG, "key", "4");
        clock.advance(Duration.ofSeconds(1));
        take(LOG, "key", "5");
        clock.stepBack(Duration.ofHours(9));
        Decision taken = take(LOG, "key", "1");
        assertThat(taken.remaining()).isZero();
        refund(taken, "1");
        assertThat(peek(LOG, "key").remaining()).isEqualTo(1);
        refund(taken, "8");
        assertThat(peek(LOG, "key").remaining()).isEqualTo(9);
    }

    private static Limit window(String name, Algorithm algorithm, String... rates) {
        return Limit.named(name).rates(rates).algorithm(algorithm).build();
    }
}
