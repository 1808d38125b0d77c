package io.ratelimit;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DecisionTextTests {

    @ParameterizedTest
    @CsvSource({
        "PT0S,            0s",
        "PT0.000001S,     0.1s",
        "PT0.1S,          0.1s",
        "PT0.100000001S,  0.2s",
        "PT3S,            3s",
        "PT3.135045S,     3.2s",
        "PT10S,           10s",
        "PT59.9S,         59.9s",
        "PT59.900001S,    1m",
        "PT1M,            1m",
        "PT1M0.000001S,   1m1s",
        "PT1H2M3.5S,      1h2m4s",
        "PT2592000S,      30d",
        "PT9000000000000H, 375000000000d"
    })
    void aWaitIsRoundedUpToTenthsOfASecondAndFromAMinuteOnToSeconds(Duration wait, String text) {
        assertThat(DecisionText.wait(wait)).isEqualTo(text);
    }

    @ParameterizedTest
    @CsvSource({
        "0,       0",
        "0.059,   0",
        "0.1,     0.1",
        "0.999,   0.9",
        "1,       1",
        "9.5,     9.5",
        "100,     100",
        "9007199254740.992, 9007199254740.9",
        "-0.05,   -0.1"
    })
    void remainingTokensAreRoundedDownToTenths(double tokens, String text) {
        assertThat(DecisionText.remaining(tokens)).isEqualTo(text);
    }

    @ParameterizedTest
    @CsvSource({
        "0,                 0",
        "1,                 0.001",
        "2500,              2.5",
        "9007199254740991,  9007199254740.991",
        "9007199254740992,  9007199254740 or more"
    })
    void aCostIsExactUpToTheMostThatIsCounted(long thousandths, String text) {
        assertThat(DecisionText.cost(thousandths)).isEqualTo(text);
    }
}
