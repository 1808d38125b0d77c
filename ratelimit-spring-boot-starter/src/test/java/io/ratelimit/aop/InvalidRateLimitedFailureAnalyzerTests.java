package io.ratelimit.aop;

import static org.assertj.core.api.Assertions.assertThat;

import io.ratelimit.UnknownLimitException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.BeanCreationException;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.mock.env.MockEnvironment;

class InvalidRateLimitedFailureAnalyzerTests {

    private static final String METHOD = "com.acme.Search#search(String)";

    private final UnknownLimitException unknown = new UnknownLimitException("serch", List.of("search", "report"));

    @Test
    void aWrongAnnotationIsExplainedWithItsFix() {
        Throwable failure = new BeanCreationException(
                "search",
                "failed",
                new InvalidRateLimitedException(
                        METHOD, "key", "\"#usr\": unknown variable #usr", "did you mean #user?", null));
        FailureAnalysis analysis = new InvalidRateLimitedFailureAnalyzer(new MockEnvironment()).analyze(failure);
        assertThat(analysis).isNotNull();
        assertThat(analysis.getDescription()).contains(METHOD).contains("key \"#usr\": unknown variable #usr");
        assertThat(analysis.getAction()).isEqualTo("Did you mean #user?");
    }

    @Test
    void anUnknownLimitIsExplainedWithItsMethodAndTheNearestName() {
        Throwable failure =
                new InvalidRateLimitedException(METHOD, "limit", "\"serch\": unknown limit", "define it", unknown);
        FailureAnalysis analysis = new InvalidRateLimitedFailureAnalyzer(new MockEnvironment()).analyze(failure);
        assertThat(analysis).isNotNull();
        assertThat(analysis.getDescription())
                .isEqualTo("The limit \"serch\", which @RateLimited on " + METHOD
                        + " names, is not defined. Defined are: report, search.");
        assertThat(analysis.getAction())
                .isEqualTo("Did you mean \"search\"? If not, define it, for example with ratelimit.limits.serch=10/s");
    }
}
