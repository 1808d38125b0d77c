package io.ratelimit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class DecisionTests {

    private static final Limit SEARCH = Limit.of("search", "10/s");
    private static final Limit REPORT = Limit.of("report", "60/1m", "100/1h burst 20");

    @Test
    void anAdmittedCallLeavesWhatItDidNotTake() {
        Decision decision = Decision.of(List.of(new Charge(SEARCH, "key", 3000)), true, new long[] {450_050, 0});
        assertThat(decision.admitted()).isTrue();
        assertThat(decision.source()).isEqualTo(Source.STORE);
        assertThat(decision.remaining()).isEqualTo(1.5);
        assertThat(decision.retryAfter()).contains(Duration.ZERO);
        assertThat(decision.resetAfter()).isEqualTo(Duration.ofNanos(849_950_000));
        assertThat(decision.refusedBy()).isEmpty();
        assertThat(decision.never()).isFalse();
        assertThat(decision.admits(0)).isTrue();
        assertThat(decision.orThrow()).isSameAs(decision);
        assertThat(decision).hasToString("admitted, remaining 1.5");
    }

    @Test
    void aRefusalLeavesEverythingAndSaysWhenToComeBack() {
        Decision decision = Decision.of(List.of(new Charge(SEARCH, "key", 3000)), false, new long[] {100_000, 0});
        assertThat(decision.readings())
                .containsExactly(new Reading(
                        SEARCH,
                        SEARCH.rates().get(0),
                        false,
                        1.0,
                        Optional.of(Duration.ofMillis(200)),
                        Duration.ofMillis(900)));
        assertThat(decision.retryAfter()).contains(Duration.ofMillis(200));
        assertThat(decision).hasToString("refused by search 10/s, remaining 1.0, retry after PT0.2S");
        assertThatThrownBy(decision::orThrow).isInstanceOf(RateLimitExceededException.class);
    }

    @Test
    void theRateThatTakesLongestIsTheOneThatRefused() {
        Decision decision =
                Decision.of(List.of(new Charge(REPORT, "key", 2000)), false, new long[] {1_000, 0, 18_000, 0});
        assertThat(decision.readings())
                .extracting(Reading::retryAfter)
                .containsExactly(Optional.of(Duration.ofSeconds(1)), Optional.of(Duration.ofSeconds(54)));
        assertThat(decision.refusedBy().orElseThrow().rate()).hasToString("100/h burst 20");
        assertThat(decision.retryAfter()).contains(Duration.ofSeconds(54));
        assertThat(decision.remaining()).isEqualTo(0.5);
    }

    @Test
    void aCostAboveACapacityIsNeverAdmittedWhateverTheOthersSay() {
        Decision decision =
                Decision.of(List.of(new Charge(REPORT, "key", 21_000)), false, new long[] {1_000, 0, 720_000, 0});
        assertThat(decision.never()).isTrue();
        assertThat(decision.retryAfter()).isEmpty();
        assertThat(decision.refusedBy().orElseThrow().rate()).hasToString("100/h burst 20");
        assertThat(decision).hasToString("refused by report 100/h burst 20, remaining 20.0, never");
    }

    @Test
    void tellsWhichChargesWouldHaveBeenAdmittedAlone() {
        List<Charge> charges = List.of(new Charge(REPORT, "key", 1000), new Charge(SEARCH, "key", 1000));
        Decision decision = Decision.of(charges, false, new long[] {60_000, 0, 720_000, 0, 99_999, 0});
        assertThat(decision.admits(0)).isTrue();
        assertThat(decision.admits(1)).isFalse();
        assertThat(decision.charges()).isEqualTo(charges);
        assertThat(decision.refusedBy().orElseThrow().limit()).isEqualTo(SEARCH);
        assertThat(decision.remaining()).isEqualTo(0.999);
    }

    @Test
    void resetIsWhenTheLastBucketIsFull() {
        Decision decision =
                Decision.of(List.of(new Charge(REPORT, "key", 1000)), true, new long[] {60_000, 0, 720_000, 0});
        assertThat(decision.resetAfter()).isEqualTo(Duration.ofMillis(36_000));
    }

    @Test
    void countsPortionsFromTheStartOfThePeriod() {
        Limit portions =
                Limit.named("portions").rates("5/1s").refill(Refill.INTERVAL).build();
        Decision decision = Decision.of(List.of(new Charge(portions, "key", 1000)), false, new long[] {0, 400_000});
        assertThat(decision.retryAfter()).contains(Duration.ofMillis(600));
        assertThat(decision.resetAfter()).isEqualTo(Duration.ofMillis(600));
    }

    @Test
    void anAnswerWithoutABucketHasNoReadings() {
        Decision decision = Decision.unasked(List.of(new Charge(SEARCH, "key", 1000)), false, Source.POLICY);
        assertThat(decision.source()).isEqualTo(Source.POLICY);
        assertThat(decision.readings()).isEmpty();
        assertThat(decision.remaining()).isZero();
        assertThat(decision.retryAfter()).isEmpty();
        assertThat(decision.never()).isFalse();
        assertThat(decision.resetAfter()).isZero();
        assertThat(decision.admits(0)).isFalse();
        assertThat(decision).hasToString("refused by policy");
    }

    @Test
    void wantsTwoNumbersForEachRate() {
        assertThatThrownBy(() -> Decision.of(List.of(new Charge(REPORT, "key", 1000)), true, new long[2]))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("2 numbers for 2 rates; a store gives two for each rate");
    }
}
