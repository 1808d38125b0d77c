package io.ratelimit.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;

import io.ratelimit.UnknownLimitException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.mock.env.MockEnvironment;

class UnknownLimitFailureAnalyzerTests {

    @Test
    void anUnknownLimitWithoutAnAnnotationIsExplainedToo() {
        FailureAnalysis analysis = new UnknownLimitFailureAnalyzer(new MockEnvironment())
                .analyze(new IllegalStateException(new UnknownLimitException("search", List.of())));
        assertThat(analysis).isNotNull();
        assertThat(analysis.getDescription()).isEqualTo("The limit \"search\" is not defined. No limits are defined.");
        assertThat(analysis.getAction()).isEqualTo("Define it, for example with ratelimit.limits.search=10/s");
    }

    @Test
    void aNameWithDotsIsToBeDefinedInBrackets() {
        FailureAnalysis analysis = new UnknownLimitFailureAnalyzer(new MockEnvironment())
                .analyze(new IllegalStateException(new UnknownLimitException("a.b", List.of())));
        assertThat(analysis).isNotNull();
        assertThat(analysis.getAction()).isEqualTo("Define it, for example with ratelimit.limits[a.b]=10/s");
    }

    @ParameterizedTest
    @CsvSource({"GET /x, get-x", "_x, x", "東京, search"})
    void aNameThatNoLimitMayHaveIsReplacedByTheNearestAllowedOne(String name, String nearest) {
        assertThat(UnknownLimitHint.property(name)).isEqualTo("ratelimit.limits." + nearest);
    }
}
