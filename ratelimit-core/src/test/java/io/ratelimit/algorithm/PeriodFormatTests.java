package io.ratelimit.algorithm;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PeriodFormatTests {

    @ParameterizedTest
    @CsvSource({
        "PT0S,        0s,      0s",
        "PT0.000001S, 1us,     us",
        "PT0.1S,      100ms,   100ms",
        "PT1S,        1s,      s",
        "PT1.5S,      1s500ms, 1s500ms",
        "PT1M30S,     1m30s,   1m30s",
        "PT1H,        1h,      h",
        "PT24H,       1d,      d",
        "PT168H,      1w,      w",
        "PT169H,      7d1h,    7d1h",
        "PT10S,       10s,     10s",
        "PT0.0000001S, PT0.0000001S, PT0.0000001S",
    })
    void aPeriodIsWrittenInItsShortestText(Duration duration, String text, String perText) {
        assertThat(PeriodFormat.text(duration)).isEqualTo(text);
        assertThat(PeriodFormat.perText(duration)).isEqualTo(perText);
        assertThat(PeriodFormat.parse(perText)).isEqualTo(duration);
    }
}
