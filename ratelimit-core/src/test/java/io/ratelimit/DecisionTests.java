package io.ratelimit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ratelimit.algorithm.Observations;
import io.ratelimit.algorithm.Refill;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class DecisionTests {

    private static final Limit SEARCH = Limit.of("search", "10/s");
    private static final Limit REPORT = Limit.of("report", "60/1m", "100/1h burst 20");

    @Test
    void anAdmittedCallLeavesTheTokensThatItDidNotConsume() {
        Decision decision =
                Decision.of(List.of(new Charge(SEARCH, "key", 3000)), Duration.ZERO, true, seen(450_050, 0));
        assertThat(decision.admitted()).isTrue();
        assertThat(decision.source()).isEqualTo(DecisionSource.STORE);
        assertThat(decision.remaining()).isEqualTo(1.5);
        assertThat(decision.retryAfter()).contains(Duration.ZERO);
        assertThat(decision.resetAfter()).isEqualTo(Duration.ofNanos(849_950_000));
        assertThat(decision.rejectedBy()).isEmpty();
        assertThat(decision.isPermanent()).isFalse();
        assertThat(decision.admits(0)).isTrue();
        assertThat(decision.orThrow()).isSameAs(decision);
        assertThat(decision).hasToString("admitted, remaining 1.5");
    }

    @Test
    void aRejectionConsumesNothingAndTellsWhenToRetry() {
        Decision decision =
                Decision.of(List.of(new Charge(SEARCH, "key", 3000)), Duration.ZERO, false, seen(100_000, 0));
        assertThat(decision.statuses())
                .containsExactly(new RateStatus(
                        SEARCH,
                        Optional.of(SEARCH.rates().get(0)),
                        false,
                        1.0,
                        Optional.of(Duration.ofMillis(200)),
                        Duration.ofMillis(900)));
        assertThat(decision.retryAfter()).contains(Duration.ofMillis(200));
        assertThat(decision).hasToString("rejected by search 10/s, remaining 1, retry after 0.2s");
        assertThatThrownBy(decision::orThrow).isInstanceOf(RateLimitExceededException.class);
    }

    @Test
    void theRateWithTheLongestWaitRejectedTheCall() {
        Decision decision =
                Decision.of(List.of(new Charge(REPORT, "key", 2000)), Duration.ZERO, false, seen(1_000, 0, 18_000, 0));
        assertThat(decision.statuses())
                .extracting(RateStatus::retryAfter)
                .containsExactly(Optional.of(Duration.ofSeconds(1)), Optional.of(Duration.ofSeconds(54)));
        assertThat(decision.rejectedBy().orElseThrow().text()).isEqualTo("100/h burst 20");
        assertThat(decision.retryAfter()).contains(Duration.ofSeconds(54));
        assertThat(decision.remaining()).isEqualTo(0.5);
    }

    @Test
    void aCostAboveTheCapacityOfOneRateIsNeverAdmitted() {
        Decision decision = Decision.of(
                List.of(new Charge(REPORT, "key", 21_000)), Duration.ZERO, false, seen(1_000, 0, 720_000, 0));
        assertThat(decision.isPermanent()).isTrue();
        assertThat(decision.retryAfter()).isEmpty();
        assertThat(decision.rejectedBy().orElseThrow().text()).isEqualTo("100/h burst 20");
        assertThat(decision).hasToString("rejected by report 100/h burst 20, remaining 20, never");
    }

    @Test
    void tellsWhichChargesWouldHaveBeenAdmittedAlone() {
        List<Charge> charges = List.of(new Charge(REPORT, "key", 1000), new Charge(SEARCH, "key", 1000));
        Decision decision = Decision.of(charges, Duration.ZERO, false, seen(60_000, 0, 720_000, 0, 99_999, 0));
        assertThat(decision.admits(0)).isTrue();
        assertThat(decision.admits(1)).isFalse();
        assertThat(decision.charges()).isEqualTo(charges);
        assertThat(decision.rejectedBy().orElseThrow().limit()).isEqualTo(SEARCH);
        assertThat(decision.remaining()).isEqualTo(0.999);
    }

    @Test
    void theResetIsWhenTheLastBucketIsFull() {
        Decision decision =
                Decision.of(List.of(new Charge(REPORT, "key", 1000)), Duration.ZERO, true, seen(60_000, 0, 720_000, 0));
        assertThat(decision.resetAfter()).isEqualTo(Duration.ofMillis(36_000));
    }

    @Test
    void theWaitForAPortionCountsFromTheStartOfItsPeriod() {
        Limit portions =
                Limit.named("portions").rates("5/1s").refill(Refill.INTERVAL).build();
        Decision decision =
                Decision.of(List.of(new Charge(portions, "key", 1000)), Duration.ZERO, false, seen(0, 400_000));
        assertThat(decision.retryAfter()).contains(Duration.ofMillis(600));
        assertThat(decision.resetAfter()).isEqualTo(Duration.ofMillis(600));
    }

    @Test
    void aDecisionWithoutAStoreHasNoStatuses() {
        Decision decision =
                Decision.withoutStore(List.of(new Charge(SEARCH, "key", 1000)), false, DecisionSource.POLICY);
        assertThat(decision.source()).isEqualTo(DecisionSource.POLICY);
        assertThat(decision.statuses()).isEmpty();
        assertThat(decision.remaining()).isZero();
        assertThat(decision.retryAfter()).isEmpty();
        assertThat(decision.isPermanent()).isFalse();
        assertThat(decision.resetAfter()).isZero();
        assertThat(decision.admits(0)).isFalse();
        assertThat(decision).hasToString("rejected by policy");
    }

    @Test
    void needsObservationsOfEveryRate() {
        List<Charge> charges = List.of(new Charge(REPORT, "key", 1000));
        assertThatThrownBy(() -> Decision.of(charges, Duration.ZERO, true, Observations.ofRates(1)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("Observations of 1 rates for 2 rates of the charges; a store observes every rate");
    }

    @Test
    void aReservationIsGrantedWhenTheLastOfItsChargesFits() {
        List<Charge> charges = List.of(new Charge(REPORT, "key", 2000), new Charge(SEARCH, "key", 1000));
        Decision decision = Decision.of(charges, Duration.ofMinutes(1), true, seen(1_000, 0, 18_000, 0, 0, 0));
        assertThat(decision.maxWait()).isEqualTo(Duration.ofMinutes(1));
        assertThat(decision.waitTime()).isEqualTo(Duration.ofSeconds(54));
        assertThat(decision.remaining()).isZero();
        assertThat(decision.retryAfter()).contains(Duration.ZERO);
        assertThat(decision.grantTicks(charges.get(0))).containsExactly(7 + 54_000, 7 + 54_000);
        assertThat(decision.grantTicks(charges.get(1))).containsExactly(7 + 54_000_000);
        assertThatThrownBy(() -> decision.grantTicks(new Charge(SEARCH, "other", 1000)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "No charge of limit \"search\" with this key is in the decision; pass one of Decision.charges()");
    }

    @Test
    void aChargeThatFitsWithinTheWaitDidNotRejectTheCall() {
        List<Charge> charges = List.of(new Charge(REPORT, "key", 2000), new Charge(SEARCH, "key", 1000));
        Decision decision = Decision.of(charges, Duration.ofSeconds(1), false, seen(1_000, 0, 18_000, 0, 0, 0));
        assertThat(decision.admits(0)).isFalse();
        assertThat(decision.admits(1)).isTrue();
        assertThat(decision.waitTime()).isZero();
        assertThat(decision.retryAfter()).contains(Duration.ofSeconds(54));
    }

    /** Returns the observations of token buckets at the instant 7, from their levels and phases. */
    private static Observations seen(long... levelsAndPhases) {
        long[] numbers = new long[2 * levelsAndPhases.length];
        for (int i = 0; i < levelsAndPhases.length; i += 2) {
            numbers[2 * i] = 7;
            numbers[2 * i + 1] = levelsAndPhases[i];
            numbers[2 * i + 2] = levelsAndPhases[i + 1];
        }
        return Observations.of(numbers);
    }
}
