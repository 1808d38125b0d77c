package io.ratelimit.algorithm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ObservationsTests {

    private static final TokenBucket TEN_A_SECOND = TokenBucket.of(Rate.parse("10/s"), Refill.SMOOTH);
    private static final Observations THREE = Observations.of(1, 100, 0, 0, 2, 200, 0, 0, 3, 300, 0, 0);

    @Test
    void haveOneInstantForEachRate() {
        assertThat(THREE.rates()).isEqualTo(3);
        assertThat(THREE.instant(0)).isEqualTo(1);
        assertThat(THREE.instant(2)).isEqualTo(3);
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
        last.set(0, 9, 0, 0, 0);
        assertThat(THREE.instant(1)).as("a copy").isEqualTo(2);
        Observations joined = Observations.join(List.of(last, Observations.none(), THREE.copyOf(0, 1)));
        assertThat(joined.rates()).isEqualTo(3);
        assertThat(joined.instant(0)).isEqualTo(9);
        assertThat(joined.instant(2)).isEqualTo(1);
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
