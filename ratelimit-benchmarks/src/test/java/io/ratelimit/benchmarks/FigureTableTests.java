package io.ratelimit.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.List;
import org.junit.jupiter.api.Test;

class FigureTableTests {

    private final FigureTable table = new FigureTable("Start", List.of("ms", "classes"));

    @Test
    void aTableShowsTheMedianOfEachFigureAndItsSpread() {
        table.add("first", 1.234, 12_345);
        table.add("second", -20.04, 0);
        table.add("first", 3.234, 12_347.4);
        table.parse("second", "-10 0.5 \n");

        assertThat(table.markdown()).isEqualTo("""

                        ### Start

                        | | ms | classes |
                        |---|--:|--:|
                        | first | 2.23 (1.23–3.23) | 12,346 (12,345–12,347) |
                        | second | -15.0 (-20.0–-10) | 0.25 (0–0.50) |
                        """);
    }

    @Test
    void aTableOfOneRoundShowsNoSpread() {
        table.parse("only", FigureTable.line(List.of(99.96, 5.0)));

        assertThat(table.markdown()).endsWith("| only | 100.0 | 5 |\n");
    }

    @Test
    void aRowWithoutAFigureForEachColumnIsRejected() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> table.parse("first", "1"))
                .withMessage("Row \"first\" has 1 figures; the columns are [ms, classes]");
    }
}
