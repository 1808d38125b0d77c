package io.ratelimit.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.MeterRegistry;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.springframework.context.ConfigurableApplicationContext;

class AnnotatedContenderTests {

    private static final SearchRequest REQUEST = new SearchRequest(new SearchUser("user-42"), 250);

    /** Tests one contender of each application, because an application takes a second to start. */
    @ParameterizedTest
    @EnumSource(names = {"RATELIMIT_COST", "RESILIENCE4J_KEY", "BUCKET4J_KEY", "INTERCEPTOR_CAS_FLOOR"})
    void anApplicationAdmitsTheCallsOfItsMethods(AnnotatedContender contender) {
        AnnotatedCall call = contender.open();

        for (int i = 0; i < 3; i++) {
            assertThat(call.search("user-42", REQUEST)).isEqualTo("user-42");
        }
    }

    @Test
    void everyAnnotationOfAMethodIsAppliedToItsCalls() {
        try (ConfigurableApplicationContext application = RatelimitApplication.start()) {
            RatelimitApplication.Searches searches = application.getBean(RatelimitApplication.Searches.class);
            MeterRegistry meters = application.getBean(MeterRegistry.class);

            searches.onCondition("user-42", REQUEST);
            searches.byThreeLimits("user-42", REQUEST);

            assertThat(admitted(meters, "benchmark")).isEqualTo(2);
            assertThat(admitted(meters, "second")).isEqualTo(1);
            assertThat(admitted(meters, "third")).isEqualTo(1);
        }
    }

    private static double admitted(MeterRegistry meters, String limit) {
        return meters
                .get("ratelimit.decisions")
                .tag("limit", limit)
                .tag("outcome", "admitted")
                .functionCounters()
                .stream()
                .mapToDouble(FunctionCounter::count)
                .sum();
    }
}
