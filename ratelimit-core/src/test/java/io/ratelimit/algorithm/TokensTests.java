package io.ratelimit.algorithm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigDecimal;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TokensTests {

    @ParameterizedTest
    @CsvSource({
        "0,                    0",
        "-0.0,                 0",
        "1,                    1000",
        "0.1,                  100",
        "0.001,                1",
        "0.0001,               1",
        "1.0001,               1001",
        "0.30000000000000004,  301",
        "2147483647,           2147483647000",
        "4.9E-324,             1",
        "1.005,                1005",
        "1.0049999999999999,   1005",
        "1.0050000000000001,   1006",
        "999999999999.999,     999999999999999",
        "999999999999.9991,    1000000000000000",
        "1000000000000.001,    1000000000000001",
        "9007199254740.992,    9007199254740992",
        "1E308,                9007199254740992",
    })
    void aComputedCostIsRoundedUp(double tokens, long thousandths) {
        assertThat(Tokens.roundedUp(tokens)).isEqualTo(thousandths);
        assertThat(Tokens.roundedUp(BigDecimal.valueOf(tokens))).isEqualTo(thousandths);
    }

    @Test
    void aComputedCostIsRoundedAsItsDecimal() {
        Random random = new Random(42);
        for (int i = 0; i < 50_000; i++) {
            long thousandths = random.nextLong(1L << (1 + i % 52));
            double exact = thousandths / 1000.0;
            for (double tokens :
                    new double[] {exact, Math.nextUp(exact), Math.nextDown(exact), exact + random.nextDouble() / 1000
                    }) {
                if (tokens >= 0) {
                    assertThat(Tokens.roundedUp(tokens))
                            .as("%s", tokens)
                            .isEqualTo(Tokens.roundedUp(BigDecimal.valueOf(tokens)));
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(doubles = {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY})
    void aComputedCostIsFinite(double tokens) {
        assertThatThrownBy(() -> Tokens.roundedUp(tokens))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "Invalid number of tokens " + tokens + ": not finite; use zero (free) or a positive number");
    }

    @Test
    void aComputedCostIsNotNegative() {
        assertThatThrownBy(() -> Tokens.roundedUp(-0.5))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("Invalid number of tokens -0.5: negative; use zero (free) or a positive number");
    }

    @Test
    void aConstantHasAtMostThreeDecimalPlaces() {
        assertThat(Tokens.exactly(new BigDecimal("2.500000"))).isEqualTo(2500);
        assertThatThrownBy(() -> Tokens.exactly(new BigDecimal("0.0001")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("Invalid number of tokens \"0.0001\": finer than 0.001; use at most three decimal places");
    }

    @Test
    void thousandthsPrintAsTheExactDecimal() {
        assertThat(Tokens.decimal(2500)).hasToString("2.5");
        assertThat(Tokens.decimal(1)).hasToString("0.001");
        assertThat(Tokens.decimal(3)).isEqualTo(0.003);
    }
}
