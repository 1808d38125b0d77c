package io.ratelimit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ratelimit.algorithm.Tokens;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class ChargeTests {

    private static final Limit A = Limit.of("a", "10/s");
    private static final Limit B = Limit.of("b", "10/s");

    @Test
    void mergedChargesAreInOrderAndEachBucketOnce() {
        assertThat(Charge.merged(List.of(
                        new Charge(B, "x", 1), new Charge(A, "y", 2), new Charge(B, "x", 4), new Charge(A, "x", 8))))
                .containsExactly(new Charge(A, "x", 8), new Charge(A, "y", 2), new Charge(B, "x", 5));
    }

    @Test
    void mergedChargesHaveOneVersionOfALimit() {
        Limit replaced = Limit.of("a", "20/s");
        assertThat(Charge.merged(List.of(new Charge(A, "x", 1), new Charge(replaced, "y", 1))))
                .extracting(Charge::limit)
                .containsExactly(A, A);
    }

    @Test
    void costsNeitherOverflowNorFallBelowZero() {
        Charge dear = new Charge(A, "x", Long.MAX_VALUE);
        assertThat(dear.cost()).isEqualTo(Tokens.MOST_THOUSANDTHS);
        assertThat(Charge.merged(List.of(dear, dear))).containsExactly(dear);
        assertThatThrownBy(() -> new Charge(A, "secret", -1500))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("Invalid cost -1.5: negative; use zero (free) or a positive number");
    }

    @Test
    void onlyAChargeOfALeasedLimitHasALease() {
        Limit leased =
                Limit.named("leased").maxConcurrent(2, Duration.ofSeconds(1)).build();
        Charge charge = new Charge(leased, "key", 1000);
        assertThat(charge.lease()).isBetween(1L, Tokens.MOST_THOUSANDTHS);
        assertThat(Charge.merged(List.of(charge)).get(0).lease()).isNotEqualTo(charge.lease());
        assertThat(charge.withCost(500).lease()).isEqualTo(charge.lease());
        assertThatThrownBy(() -> new Charge(leased, "key", 1000, 0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("Invalid lease 0 of limit \"leased\": use 1 to 2^53 where the limit is leased, else 0");
        assertThatThrownBy(() -> new Charge(Limit.of("plain", "1/s"), "key", 1000, 7))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
