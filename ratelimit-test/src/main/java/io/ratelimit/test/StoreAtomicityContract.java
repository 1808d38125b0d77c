package io.ratelimit.test;

import static io.ratelimit.test.ContractLimits.TEN_A_SECOND;
import static io.ratelimit.test.ContractLimits.limit;
import static org.assertj.core.api.Assertions.assertThat;

import io.ratelimit.Charge;
import io.ratelimit.Decision;
import io.ratelimit.Limit;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Checks that a decision consumes the tokens of all its charges or of none. */
abstract class StoreAtomicityContract extends StoreContractSection {

    StoreAtomicityContract(TestedStore tested) {
        super(tested);
    }

    @Test
    void consumesFromAllRatesOrNone() {
        Limit limit = limit("rates", "10/s", "15/1m");
        assertThat(tryAcquire(limit, "key", "10").admitted()).isTrue();
        clock.advance(Duration.ofSeconds(1));
        Decision rejected = tryAcquire(limit, "key", "8");
        assertThat(rejected.admitted()).isFalse();
        assertThat(rejected.rejectedBy().orElseThrow().text()).isEqualTo("15/m");
        assertThat(rejected.statuses()).extracting(status -> status.remaining()).containsExactly(10.0, 5.25);
        assertThat(tryAcquire(limit, "key", "5.25").admitted()).isTrue();
        assertThat(peek(limit, "key").statuses())
                .extracting(status -> status.remaining())
                .containsExactly(4.75, 0.0);
    }

    @Test
    void consumesFromAllLimitsOrNone() {
        Limit wide = limit("wide", "20/s");
        tryAcquire(TEN_A_SECOND, "key", "8");
        Decision rejected = decide(charge(wide, "key", "3"), charge(TEN_A_SECOND, "key", "3"));
        assertThat(rejected.admitted()).isFalse();
        assertThat(rejected.admits(0)).isFalse();
        assertThat(rejected.admits(1)).isTrue();
        assertThat(peek(wide, "key").remaining()).isEqualTo(20);
        assertThat(peek(TEN_A_SECOND, "key").remaining()).isEqualTo(2);
        assertThat(decide(charge(wide, "key", "3"), charge(TEN_A_SECOND, "key", "2"))
                        .admitted())
                .isTrue();
        assertThat(peek(wide, "key").remaining()).isEqualTo(17);
        assertThat(peek(TEN_A_SECOND, "key").remaining()).isZero();
    }

    @Test
    void consumesFromAllKeysOrNone() {
        tryAcquire(TEN_A_SECOND, "user-7", "8");
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
}
