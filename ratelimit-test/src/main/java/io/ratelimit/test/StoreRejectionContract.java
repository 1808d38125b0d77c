package io.ratelimit.test;

import static io.ratelimit.test.ContractLimits.EVERY_KIND;
import static io.ratelimit.test.ContractLimits.TEN_A_SECOND;
import static io.ratelimit.test.ContractLimits.limit;
import static org.assertj.core.api.Assertions.assertThat;

import io.ratelimit.Decision;
import io.ratelimit.Limit;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Checks that a rejection and a charge of zero tokens change nothing. */
abstract class StoreRejectionContract extends StoreContractSection {

    StoreRejectionContract(TestedStore tested) {
        super(tested);
    }

    @Test
    void aRejectionChangesNothing() {
        for (Limit limit : EVERY_KIND) {
            tryAcquire(limit, "asked", "9.5");
            tryAcquire(limit, "left alone", "9.5");
            for (int i = 0; i < 50; i++) {
                assertThat(tryAcquire(limit, "asked", "9").admitted()).isFalse();
                clock.advance(Duration.ofNanos(1_234_567));
            }
            assertSameStatus(limit, "asked", "left alone");
            clock.advance(retryAfter(tryAcquire(limit, "asked", "5")));
            assertThat(tryAcquire(limit, "asked", "5").admitted()).isTrue();
            assertThat(tryAcquire(limit, "left alone", "5").admitted()).isTrue();
        }
    }

    @Test
    void aCostOfZeroIsAlwaysAdmitted() {
        for (Limit limit : EVERY_KIND) {
            assertThat(peek(limit, "key").remaining()).isEqualTo(10);
            assertThat(peek(limit, "key").resetAfter()).isZero();
            tryAcquire(limit, "key", "10");
            Decision peek = peek(limit, "key");
            assertThat(peek.admitted()).isTrue();
            assertThat(peek.retryAfter()).contains(Duration.ZERO);
            assertThat(peek.remaining()).isZero();
        }
    }

    @Test
    void aCostOfZeroChangesNothing() {
        for (Limit limit : EVERY_KIND) {
            for (int i = 0; i < 50; i++) {
                peek(limit, "looked at");
                clock.advance(Duration.ofNanos(7_654_321));
            }
            tryAcquire(limit, "looked at", "9.5");
            tryAcquire(limit, "left alone", "9.5");
            for (int i = 0; i < 50; i++) {
                peek(limit, "looked at");
                clock.advance(Duration.ofNanos(1_234_567));
            }
            assertSameStatus(limit, "looked at", "left alone");
        }
    }

    @Test
    void aCostAboveTheCapacityIsRejectedForeverAndChangesNothing() {
        for (Limit limit : EVERY_KIND) {
            tryAcquire(limit, "asked", "4");
            tryAcquire(limit, "left alone", "4");
            for (String cost : List.of("10.001", "1000000", "9007199254740.992")) {
                Decision decision = tryAcquire(limit, "asked", cost);
                assertThat(decision.admitted()).isFalse();
                assertThat(decision.isPermanent()).isTrue();
                assertThat(decision.retryAfter()).isEmpty();
                assertThat(decision.remaining()).isEqualTo(6);
            }
            assertSameStatus(limit, "asked", "left alone");
        }
    }

    @Test
    void aCostAboveTheCapacityDoesNotAffectTheNextCall() {
        tryAcquire(TEN_A_SECOND, "key", "11");
        assertThat(tryAcquire(TEN_A_SECOND, "key", "10").admitted()).isTrue();
    }

    @Test
    void aCostOfZeroBesideAnotherChargeConsumesNothing() {
        decide(charge(TEN_A_SECOND, "free", "0"), charge(TEN_A_SECOND, "paid", "4"));
        assertThat(peek(TEN_A_SECOND, "free").remaining()).isEqualTo(10);
        assertThat(peek(TEN_A_SECOND, "paid").remaining()).isEqualTo(6);
    }
}
