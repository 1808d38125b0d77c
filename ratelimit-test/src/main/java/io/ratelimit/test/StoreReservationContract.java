package io.ratelimit.test;

import static io.ratelimit.test.ContractLimits.CAN_WAIT;
import static io.ratelimit.test.ContractLimits.COUNTER;
import static io.ratelimit.test.ContractLimits.LOG;
import static io.ratelimit.test.ContractLimits.LONG_WAIT;
import static io.ratelimit.test.ContractLimits.TEN_A_SECOND;
import static io.ratelimit.test.ContractLimits.limit;
import static org.assertj.core.api.Assertions.assertThat;

import io.ratelimit.Charge;
import io.ratelimit.Decision;
import io.ratelimit.Limit;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Checks that a call that may wait reserves its tokens and is granted them in order. */
abstract class StoreReservationContract extends StoreContractSection {

    StoreReservationContract(TestedStore tested) {
        super(tested);
    }

    @Test
    void aReservationIsGrantedExactlyAfterItsRetryAfter() {
        for (Limit limit : CAN_WAIT) {
            tryAcquire(limit, "key", "9.5");
            clock.advance(Duration.ofMillis(123));
            Decision rejected = tryAcquire(limit, "key", "3");
            Duration retry = retryAfter(rejected);
            assertThat(retry).isPositive();
            Decision reserved = decide(retry, charge(limit, "key", "3"));
            assertThat(reserved.admitted()).as(limit.name()).isTrue();
            assertThat(reserved.waitTime()).as(limit.name()).isEqualTo(retry);
        }
    }

    @Test
    void aMaximumWaitThatIsTooShortIsRejectedAndConsumesNothing() {
        for (Limit limit : CAN_WAIT) {
            tryAcquire(limit, "key", "10");
            Decision before = peek(limit, "key");
            Duration retry = retryAfter(tryAcquire(limit, "key", "3"));
            Decision rejected = decide(retry.minusNanos(1), charge(limit, "key", "3"));
            assertThat(rejected.admitted()).as(limit.name()).isFalse();
            assertThat(rejected.waitTime()).isZero();
            assertThat(rejected.retryAfter()).contains(retry);
            assertThat(figures(peek(limit, "key"))).as(limit.name()).isEqualTo(figures(before));
        }
    }

    @Test
    void aCallThatFitsNowDoesNotWait() {
        for (Limit limit : CAN_WAIT) {
            Decision now = decide(LONG_WAIT, charge(limit, "key", "10"));
            assertThat(now.admitted()).isTrue();
            assertThat(now.waitTime()).isZero();
            assertThat(decide(LONG_WAIT, charge(limit, "key", "0")).waitTime()).isZero();
            assertThat(decide(LONG_WAIT, charge(limit, "key", "10.001")).isPermanent())
                    .isTrue();
        }
    }

    @Test
    void reservationsAreGrantedInOrder() {
        for (Limit limit : CAN_WAIT) {
            Duration last = Duration.ZERO;
            for (int i = 0; i < 20; i++) {
                Decision reserved = decide(LONG_WAIT, charge(limit, "key", i % 2 == 0 ? "5" : "1"));
                Duration granted = clock.now().plus(reserved.waitTime());
                assertThat(granted).as(limit.name()).isGreaterThanOrEqualTo(last);
                last = granted;
                clock.advance(Duration.ofMillis(10));
            }
            assertThat(tryAcquire(limit, "key", "0.001").admitted())
                    .as("%s lets a call overtake the reservations", limit.name())
                    .isFalse();
        }
    }

    @Test
    void aCostOfZeroDoesNotWaitForReservations() {
        for (Limit limit : CAN_WAIT) {
            tryAcquire(limit, "key", "10");
            decide(LONG_WAIT, charge(limit, "key", "10"));
            assertThat(peek(limit, "key").admitted()).as(limit.name()).isTrue();
            assertThat(decide(LONG_WAIT, charge(limit, "key", "0")).waitTime()).isZero();
        }
    }

    @Test
    void reservationsConsumeAsMuchAsCallsAtTheirGrantTimes() {
        for (Limit limit : CAN_WAIT) {
            List<Duration> reserved = new ArrayList<>();
            for (int i = 0; i < 40; i++) {
                Decision decision = decide(LONG_WAIT, charge(limit, "at once", "1"));
                reserved.add(clock.now().plus(decision.waitTime()));
            }
            for (Duration granted : reserved) {
                clock.set(granted);
                assertThat(tryAcquire(limit, "one by one", "1").admitted())
                        .as("%s at %s", limit.name(), granted)
                        .isTrue();
            }
        }
    }

    @Test
    void aCallOfSeveralLimitsIsGrantedWhenItsLastChargeFits() {
        tryAcquire(TEN_A_SECOND, "key", "10");
        tryAcquire(LOG, "key", "10");
        Charge[] both = {charge(TEN_A_SECOND, "key", "5"), charge(LOG, "key", "5")};
        assertThat(decide(Duration.ofSeconds(59), both).admitted()).isFalse();
        assertThat(decide(Duration.ofMinutes(1), both).waitTime()).isEqualTo(Duration.ofMinutes(1));
        assertThat(retryAfter(tryAcquire(TEN_A_SECOND, "key", "5"))).isEqualTo(Duration.ofSeconds(1));
        assertThat(retryAfter(tryAcquire(LOG, "key", "6"))).isEqualTo(Duration.ofMinutes(2));
    }

    @Test
    void aLimitThatCannotWaitLetsOtherChargesOfTheCallWait() {
        assertThat(COUNTER.canWait()).isFalse();
        tryAcquire(TEN_A_SECOND, "key", "10");
        Charge[] both = {charge(TEN_A_SECOND, "key", "5"), charge(COUNTER, "key", "5")};
        assertThat(decide(LONG_WAIT, both).waitTime()).isEqualTo(Duration.ofMillis(500));
        Decision rejected = decide(LONG_WAIT, charge(TEN_A_SECOND, "key", "5"), charge(COUNTER, "key", "6"));
        assertThat(rejected.admitted()).isFalse();
        assertThat(rejected.admits(0)).isFalse();
        assertThat(rejected.admits(1)).isTrue();
        assertThat(retryAfter(tryAcquire(TEN_A_SECOND, "key", "5"))).isEqualTo(Duration.ofSeconds(1));
    }
}
