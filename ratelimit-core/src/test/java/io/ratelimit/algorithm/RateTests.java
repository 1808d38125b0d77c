package io.ratelimit.algorithm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigDecimal;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RateTests {

    @ParameterizedTest
    @CsvSource({
        "10/s,                  10,    PT1S,     10,    10/s",
        "10/1s,                 10,    PT1S,     10,    10/s",
        "' 10 / s ',            10,    PT1S,     10,    10/s",
        "10/ s burst 2,         10,    PT1S,     2,     10/s burst 2",
        "100/1m,                100,   PT1M,     100,   100/m",
        "5/10m,                 5,     PT10M,    5,     5/10m",
        "0.5/100ms,             0.5,   PT0.1S,   0.5,   0.5/100ms",
        "1.500/s,               1.5,   PT1S,     1.5,   1.5/s",
        "1000/1h burst 200,     1000,  PT1H,     200,   1000/h burst 200",
        "10/s burst 10,         10,    PT1S,     10,    10/s",
        "10/s  burst  0.001,    10,    PT1S,     0.001, 10/s burst 0.001",
        "3/PT1M30S,             3,     PT1M30S,  3,     3/1m30s",
        "3/1m30s,               3,     PT1M30S,  3,     3/1m30s",
        "1/2w,                  1,     PT336H,   1,     1/2w",
        "1/8d,                  1,     PT192H,   1,     1/8d",
        "1/10us,                1,     PT0.00001S, 1,   1/10us",
        "0.001/d,               0.001, PT24H,    0.001, 0.001/d",
    })
    void aRateIsParsedAndWrittenInItsShortestText(
            String text, BigDecimal tokens, Duration period, BigDecimal burst, String written) {
        Rate rate = Rate.parse(text);
        assertThat(rate.tokens()).isEqualByComparingTo(tokens);
        assertThat(rate.period()).isEqualTo(period);
        assertThat(rate.burst()).isEqualByComparingTo(burst);
        assertThat(rate).hasToString(written);
        assertThat(Rate.parse(rate.toString())).isEqualTo(rate);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            ''             | not of the form tokens/period; write for example 10/s or 1000/1h burst 200
            10             | not of the form tokens/period; write for example 10/s or 1000/1h burst 200
            10/s/s x       | not of the form tokens/period; write for example 10/s or 1000/1h burst 200
            10/s burst     | not of the form tokens/period; write for example 10/s or 1000/1h burst 200
            10/s burst 1 2 | not of the form tokens/period; write for example 10/s or 1000/1h burst 200
            /s             | not of the form tokens/period; write for example 10/s or 1000/1h burst 200
            10/            | not of the form tokens/period; write for example 10/s or 1000/1h burst 200
            1 0/s          | not of the form tokens/period; write for example 10/s or 1000/1h burst 200
            10/s Burst 5   | not of the form tokens/period; write for example 10/s or 1000/1h burst 200
            10/s/m         | unknown period "s/m"; use s, m, h, d, w or a duration such as 100ms, 1m30s or PT90S
            10/5           | unknown period "5"; use s, m, h, d, w or a duration such as 100ms, 1m30s or PT90S
            10/m5          | unknown period "m5"; use s, m, h, d, w or a duration such as 100ms, 1m30s or PT90S
            10/5x!         | unknown period "5x!"; use s, m, h, d, w or a duration such as 100ms, 1m30s or PT90S
            10/5sm         | unknown unit "sm"; use s, m, h, d, w or a duration such as 100ms, 1m30s or PT90S
            .5/s           | tokens ".5" is not a decimal number; write for example 10 or 0.5
            5./s           | tokens "5." is not a decimal number; write for example 10 or 0.5
            1.2.3/s        | tokens "1.2.3" is not a decimal number; write for example 10 or 0.5
            --1/s          | tokens "--1" is not a decimal number; write for example 10 or 0.5
            1234567890123456789/s | tokens "1234567890123456789" is not a decimal number; write for example 10 or 0.5
            10/x           | unknown unit "x"; use s, m, h, d, w or a duration such as 100ms, 1m30s or PT90S
            10/5x          | unknown unit "x"; use s, m, h, d, w or a duration such as 100ms, 1m30s or PT90S
            10/1s-         | unknown period "1s-"; use s, m, h, d, w or a duration such as 100ms, 1m30s or PT90S
            10/PTx         | unknown period "PTx"; use s, m, h, d, w or a duration such as 100ms, 1m30s or PT90S
            10/99999999999999999999s | period "99999999999999999999s" is longer than can be counted; use a shorter period
            ten/s          | tokens "ten" is not a decimal number; write for example 10 or 0.5
            1e3/s          | tokens "1e3" is not a decimal number; write for example 10 or 0.5
            NaN/s          | tokens "NaN" is not a decimal number; write for example 10 or 0.5
            10/s burst ten | burst "ten" is not a decimal number; write for example 10 or 0.5
            0/s            | invalid tokens "0": not positive; use 0.001 or more
            -1/s           | invalid tokens "-1": not positive; use 0.001 or more
            0.0001/s       | invalid tokens "0.0001": finer than 0.001; use at most three decimal places
            10/s burst 0   | invalid burst "0": not positive; use 0.001 or more
            10/s burst 0.0005 | invalid burst "0.0005": finer than 0.001; use at most three decimal places
            10/0s          | invalid period "PT0S": not positive; use a duration such as 1s or 10m
            10/PT-1S       | invalid period "PT-1S": not positive; use a duration such as 1s or 10m
            10/PT0.0000001S | invalid period "PT0.0000001S": finer than 1us, the tick of periods below a minute; use a whole number of ticks
            10/PT1M0.0001S | invalid period "PT1M0.0001S": finer than 1ms, the tick of periods from a minute on; use a whole number of ticks
            """)
    void anInvalidTextTellsTheRuleAndTheFix(String text, String reason) {
        assertThatThrownBy(() -> Rate.parse(text))
                .isInstanceOf(InvalidLimitException.class)
                .hasMessage("Invalid rate \"" + text + "\": " + reason);
    }

    @Test
    void aRateCanBeMadeOfParts() {
        assertThat(Rate.of(10, Duration.ofSeconds(1))).isEqualTo(Rate.parse("10/s"));
        assertThat(Rate.of(0.1, Duration.ofSeconds(1)).withBurst(2.5)).isEqualTo(Rate.parse("0.1/s burst 2.5"));
        assertThat(new Rate(new BigDecimal("1E+1"), Duration.ofSeconds(1), BigDecimal.TEN))
                .isEqualTo(Rate.parse("10/s"));
    }

    @Test
    void ratesAreEqualHoweverTheirDecimalsAreWritten() {
        assertThat(Rate.parse("10.000/1s burst 2.50")).isEqualTo(Rate.parse("10/s burst 2.5"));
    }

    @Test
    void numbersThatAreNotFiniteOrPositiveAreInvalid() {
        assertThatThrownBy(() -> Rate.of(Double.NaN, Duration.ofSeconds(1)))
                .hasMessage("Invalid tokens \"NaN\": not finite; use 0.001 or more");
        assertThatThrownBy(() -> Rate.parse("1/s").withBurst(Double.POSITIVE_INFINITY))
                .hasMessage("Invalid burst \"Infinity\": not finite; use 0.001 or more");
        assertThatThrownBy(() -> Rate.of(-5, Duration.ofSeconds(1))).isInstanceOf(InvalidLimitException.class);
    }
}
