package io.ratelimit.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class AnnotatedContenderTests {

    private static final SearchRequest REQUEST = new SearchRequest(new SearchUser("user-42"), 250);

    /** Tests one contender of each application, because an application takes a second to start. */
    @ParameterizedTest
    @EnumSource(names = {"RATELIMIT_THREE_LIMITS", "RESILIENCE4J_KEY", "BUCKET4J_KEY", "INTERCEPTOR_CAS_FLOOR"})
    void anApplicationAdmitsTheCallsOfItsMethods(AnnotatedContender contender) {
        AnnotatedCall call = contender.open();

        for (int i = 0; i < 3; i++) {
            assertThat(call.search("user-42", REQUEST)).isEqualTo("user-42");
        }
    }
}
