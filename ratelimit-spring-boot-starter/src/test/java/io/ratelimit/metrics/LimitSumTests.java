package io.ratelimit.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class LimitSumTests {

    private final Map<String, Integer> numbers = new HashMap<>(Map.of("a", 3, "b", 4));

    @Test
    void countsOfARemovedLimitStayInTheSum() {
        LimitSum sum = LimitSum.ofCounts(numbers::get);
        sum.add("a");
        sum.add("b");
        assertThat(sum.value()).isEqualTo(7);

        sum.remove("a");
        numbers.put("b", 5);

        assertThat(sum.value()).isEqualTo(8);
    }

    @Test
    void aCountThatCannotBeReadAnyMoreStaysInTheSum() {
        LimitSum sum = LimitSum.ofCounts(numbers::get);
        sum.add("a");
        assertThat(sum.value()).isEqualTo(3);

        numbers.put("a", 0);

        assertThat(sum.value()).isEqualTo(3);
        sum.remove("a");
        assertThat(sum.value()).isEqualTo(3);
    }

    @Test
    void aLevelLeavesTheSumWithItsLimit() {
        LimitSum sum = LimitSum.ofLevels(numbers::get);
        sum.add("a");
        sum.add("b");
        assertThat(sum.value()).isEqualTo(7);

        sum.remove("a");

        assertThat(sum.value()).isEqualTo(4);
    }

    @Test
    void aLimitThatIsNotThereChangesNothing() {
        LimitSum sum = LimitSum.ofCounts(numbers::get);

        sum.remove("a");

        assertThat(sum.value()).isZero();
    }
}
