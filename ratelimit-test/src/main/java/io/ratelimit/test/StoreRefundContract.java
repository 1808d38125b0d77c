package io.ratelimit.test;

import static io.ratelimit.test.ContractLimits.CAN_SETTLE;
import static io.ratelimit.test.ContractLimits.CAN_WAIT;
import static io.ratelimit.test.ContractLimits.LONG_WAIT;
import static io.ratelimit.test.ContractLimits.limit;
import static org.assertj.core.api.Assertions.assertThat;

import io.ratelimit.Decision;
import io.ratelimit.Limit;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Checks that a refund returns unused tokens once and moves no reservation. */
abstract class StoreRefundContract extends StoreContractSection {

    StoreRefundContract(TestedStore tested) {
        super(tested);
    }

    @Test
    void refundedTokensServeTheNextCallAfterEarlierReservations() {
        for (Limit limit : CAN_WAIT) {
            Duration promised = Duration.ZERO;
            List<Duration> next = new ArrayList<>();
            for (String key : List.of("refunded", "kept")) {
                tryAcquire(limit, key, "10");
                Decision first = decide(LONG_WAIT, charge(limit, key, "4"));
                promised = decide(LONG_WAIT, charge(limit, key, "6")).waitTime();
                if (key.equals("refunded")) {
                    refund(first, "4");
                }
                next.add(decide(LONG_WAIT, charge(limit, key, "4")).waitTime());
            }
            assertThat(next.get(0)).as(limit.name()).isEqualTo(promised).isLessThan(next.get(1));
        }
    }

    @Test
    void refundingAllReservationsRestoresTheBucket() {
        for (Limit limit : CAN_WAIT) {
            tryAcquire(limit, "key", "10");
            Decision before = peek(limit, "key");
            List<Decision> reserved = new ArrayList<>();
            for (int i = 0; i < 30; i++) {
                reserved.add(decide(LONG_WAIT, charge(limit, "key", i % 3 == 0 ? "2.5" : "1")));
            }
            for (int i = 0; i < reserved.size(); i++) {
                refund(reserved.get(i), i % 3 == 0 ? "2.5" : "1");
            }
            assertThat(figures(peek(limit, "key"))).as(limit.name()).isEqualTo(figures(before));
            clock.advance(before.resetAfter());
            assertThat(tryAcquire(limit, "key", "10").admitted())
                    .as(limit.name())
                    .isTrue();
        }
    }

    @Test
    void aRefundNeverExceedsTheCapacity() {
        for (Limit limit : CAN_WAIT) {
            Decision taken = tryAcquire(limit, "key", "4");
            tryAcquire(limit, "key", "1");
            refund(taken, "4");
            assertThat(peek(limit, "key").remaining()).as(limit.name()).isEqualTo(9);
            reset(limit, "key");
            refund(taken, "4");
            assertThat(peek(limit, "key").remaining()).as(limit.name()).isEqualTo(10);
        }
    }

    @Test
    void tokensThatMayHaveRefilledSinceAreNotRefunded() {
        for (Limit limit : CAN_SETTLE) {
            Decision taken = tryAcquire(limit, "key", "10");
            Duration reset = peek(limit, "key").resetAfter();
            clock.advance(reset.multipliedBy(2));
            assertThat(tryAcquire(limit, "key", "6").admitted()).isTrue();
            refund(taken, "10");
            assertThat(peek(limit, "key").remaining()).as(limit.name()).isEqualTo(4);
        }
    }
}
