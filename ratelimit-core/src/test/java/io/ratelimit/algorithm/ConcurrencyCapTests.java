package io.ratelimit.algorithm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ConcurrencyCapTests {

    private static final Duration LEASE_TIME = Duration.ofSeconds(30);

    @Test
    void isANumberOfCallsAndALeaseTime() {
        ConcurrencyCap cap = new ConcurrencyCap(2, LEASE_TIME);
        assertThat(cap).hasToString("2 at once").isEqualTo(new ConcurrencyCap(2, Duration.ofMillis(30_000)));
        assertThat(new ConcurrencyCap(Integer.MAX_VALUE, Duration.ofDays(10_000)).max())
                .isEqualTo(Integer.MAX_VALUE);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, -1, Integer.MIN_VALUE})
    void aNumberThatIsNotPositiveIsInvalid(int max) {
        assertThatThrownBy(() -> new ConcurrencyCap(max, LEASE_TIME))
                .isInstanceOf(InvalidLimitException.class)
                .hasMessage("Invalid max-concurrent \"" + max + "\": not positive; use 1 or more");
    }

    @ParameterizedTest
    @ValueSource(strings = {"PT0S", "PT0.099S", "PT-30S", "PT0.2005S", "PT240000H1S"})
    void aLeaseTimeThatIsTooShortTooLongOrTooFineIsInvalid(Duration leaseTime) {
        assertThatThrownBy(() -> new ConcurrencyCap(1, leaseTime))
                .isInstanceOf(InvalidLimitException.class)
                .hasMessage("Invalid lease-time \"" + leaseTime
                        + "\": a lease lasts 100ms to 10000d, in whole milliseconds; use for example 30s");
    }
}
