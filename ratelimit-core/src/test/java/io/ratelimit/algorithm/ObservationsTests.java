package io.ratelimit.algorithm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ObservationsTests {

    private static final TokenBucket TEN_A_SECOND = TokenBucket.of(Rate.parse("10/s"), Refill.SMOOTH);
    private static final Observations THREE = Observations.of(1, 101, 102, 103, 2, 201, 202, 203, 3, 301, 302, 303);

    @Test
    void haveOneInstantForEachRate() {
        assertThat(THREE.rates()).isEqualTo(3);
        assertThat(THREE.instant(0)).isEqualTo(1);
        assertThat(THREE.instant(2)).isEqualTo(3);
        assertThat(numbers(THREE)).containsExactly(1L, 101L, 102L, 103L, 2L, 201L, 202L, 203L, 3L, 301L, 302L, 303L);
        assertThat(Observations.none().rates()).isZero();
    }

    @Test
    void areWrittenForOneRateAndReadForIt() {
        Observations observations = Observations.ofRates(2);
        TEN_A_SECOND.observe(new long[] {7, 300_000}, 9, 1_000, observations, 1);
        assertThat(observations.instant(0)).isZero();
        assertThat(observations.instant(1)).isEqualTo(9);
        assertThat(TEN_A_SECOND.remaining(observations, 1, 1_000)).isEqualTo(2_000);
    }

    @Test
    void canBeCopiedInPartAndJoined() {
        Observations last = THREE.copyOf(1, 2);
        assertThat(last.rates()).isEqualTo(2);
        assertThat(last.instant(1)).isEqualTo(3);
        assertThat(numbers(last)).containsExactly(2L, 201L, 202L, 203L, 3L, 301L, 302L, 303L);
        last.set(0, 9, 8, 7, 6);
        last.set(1, 2, 5);
        assertThat(THREE.instant(1)).as("a copy").isEqualTo(2);
        Observations joined = Observations.join(List.of(last, Observations.none(), THREE.copyOf(0, 1)));
        assertThat(numbers(joined)).containsExactly(9L, 8L, 7L, 6L, 3L, 301L, 5L, 303L, 1L, 101L, 102L, 103L);
    }

    @Test
    void areChangedOneNumberAtATime() {
        Observations changed = THREE.copyOf(0, 2);
        for (int rate = 0; rate < 2; rate++) {
            changed.setInstant(rate, 10 * rate);
            for (int number = 1; number <= 3; number++) {
                changed.set(rate, number, 10L * rate + number);
            }
        }
        assertThat(numbers(changed)).containsExactly(0L, 1L, 2L, 3L, 10L, 11L, 12L, 13L);
    }

    @Test
    void ofNoRateAreNeitherReadNorWritten() {
        assertThat(numbers(Observations.ofRates(0))).isEmpty();
        assertThatThrownBy(() -> Observations.none().instant(0)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> Observations.none().get(0, 1)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> Observations.ofRates(0).set(0, 1, 2, 3, 4))
                .isInstanceOf(IndexOutOfBoundsException.class);
    }

    private static List<Long> numbers(Observations observations) {
        List<Long> numbers = new ArrayList<>();
        for (int rate = 0; rate < observations.rates(); rate++) {
            numbers.add(observations.instant(rate));
            for (int number = 1; number <= 3; number++) {
                numbers.add(observations.get(rate, number));
            }
        }
        return numbers;
    }

    @ParameterizedTest
    @CsvSource({"0, 4", "3, 1", "-1, 1", "0, -1"})
    void thereIsNoCopyOfRatesThatWereNotObserved(int from, int rates) {
        assertThatThrownBy(() -> THREE.copyOf(from, rates)).isInstanceOf(IndexOutOfBoundsException.class);
    }

    @Test
    void areFourNumbersForEachRate() {
        assertThatThrownBy(() -> Observations.of(1, 2, 3))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("Invalid observations of 3 numbers: each rate has 4; pass all numbers of whole rates");
    }
}
