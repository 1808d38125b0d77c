package io.ratelimit.test;

import static io.ratelimit.test.ContractLimits.CAN_SETTLE;
import static io.ratelimit.test.ContractLimits.LOG;
import static io.ratelimit.test.ContractLimits.TEN_A_SECOND;
import static io.ratelimit.test.ContractLimits.limit;
import static org.assertj.core.api.Assertions.assertThat;

import io.ratelimit.Decision;
import io.ratelimit.Limit;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** Checks that a debit consumes tokens even if they do not fit. */
abstract class StoreDebitContract extends StoreContractSection {

    StoreDebitContract(TestedStore tested) {
        super(tested);
    }

    @Test
    void aDebitIncursADebtOfAtMostTheCapacity() {
        for (Limit limit : CAN_SETTLE) {
            Decision taken = tryAcquire(limit, "key", "4");
            debit(taken, "3");
            assertThat(peek(limit, "key").remaining()).as(limit.name()).isEqualTo(3);
            debit(taken, "5");
            assertThat(peek(limit, "key").remaining()).as(limit.name()).isZero();
            assertThat(tryAcquire(limit, "key", "0.001").admitted())
                    .as(limit.name())
                    .isFalse();
            Decision once = tryAcquire(limit, "other", "10");
            debit(once, "1000000");
            Duration reset = peek(limit, "other").resetAfter();
            debit(once, "10");
            assertThat(peek(limit, "other").resetAfter()).as(limit.name()).isEqualTo(reset);
            clock.advance(reset);
            assertThat(tryAcquire(limit, "other", "10").admitted())
                    .as(limit.name())
                    .isTrue();
        }
    }

    @Test
    void aDebtRefillsBeforeTheNextCallIsAdmitted() {
        Decision taken = tryAcquire(TEN_A_SECOND, "key", "10");
        debit(taken, "4");
        assertThat(retryAfter(tryAcquire(TEN_A_SECOND, "key", "1"))).isEqualTo(Duration.ofMillis(500));
        Decision logged = tryAcquire(LOG, "key", "10");
        clock.advance(Duration.ofSeconds(5));
        debit(logged, "4");
        assertThat(retryAfter(tryAcquire(LOG, "key", "6"))).isEqualTo(Duration.ofSeconds(55));
        assertThat(retryAfter(tryAcquire(LOG, "key", "7"))).isEqualTo(Duration.ofMinutes(1));
    }
}
