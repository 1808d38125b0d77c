package io.ratelimit.test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class VirtualClockTests {

    private final VirtualClock clock = new VirtualClock();

    @Test
    void startsAtARealDateAndMovesOnlyByItsMethods() {
        assertThat(Instant.EPOCH.plusNanos(clock.getAsLong())).isEqualTo("2023-11-14T22:13:20Z");
        assertThat(clock.now()).isZero();
        clock.advance(Duration.ofMillis(5));
        assertThat(clock.getAsLong()).isEqualTo(VirtualClock.START + 5_000_000);
        clock.stepBack(Duration.ofMillis(2));
        assertThat(clock.now()).isEqualTo(Duration.ofMillis(3));
        clock.set(Duration.ofSeconds(1));
        assertThat(clock.getAsLong()).isEqualTo(VirtualClock.START + 1_000_000_000);
    }

    @Test
    void rejectsNegativeSteps() {
        assertThatThrownBy(() -> clock.advance(Duration.ofMillis(-1)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("Invalid step PT-0.001S: negative; use zero or more, or stepBack");
        assertThatThrownBy(() -> clock.stepBack(Duration.ofMillis(-1))).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void throwsInsteadOfOverflowing() {
        clock.set(Duration.ofDays(100_000));
        assertThatThrownBy(() -> clock.advance(Duration.ofDays(100_000))).isInstanceOf(ArithmeticException.class);
    }
}
