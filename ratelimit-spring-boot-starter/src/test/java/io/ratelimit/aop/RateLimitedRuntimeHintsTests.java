package io.ratelimit.aop;

import static org.assertj.core.api.Assertions.assertThat;

import io.ratelimit.annotation.NotRateLimited;
import io.ratelimit.annotation.RateLimited;
import io.ratelimit.annotation.RateLimits;
import org.junit.jupiter.api.Test;
import org.springframework.aot.hint.MemberCategory;
import org.springframework.aot.hint.RuntimeHints;
import org.springframework.aot.hint.predicate.RuntimeHintsPredicates;
import org.springframework.security.authorization.method.AuthorizationAdvisor;

class RateLimitedRuntimeHintsTests {

    @Test
    void registersTheAnnotationsAndTheTypesThatAreLookedUpByName() {
        RuntimeHints hints = new RuntimeHints();
        new RateLimitedRuntimeHints().registerHints(hints, getClass().getClassLoader());
        assertThat(RuntimeHintsPredicates.reflection()
                        .onType(RateLimited.class)
                        .withMemberCategory(MemberCategory.INVOKE_DECLARED_METHODS))
                .accepts(hints);
        assertThat(RuntimeHintsPredicates.reflection()
                        .onType(NotRateLimited.class)
                        .withMemberCategory(MemberCategory.INVOKE_DECLARED_METHODS))
                .accepts(hints);
        assertThat(RuntimeHintsPredicates.reflection()
                        .onType(RateLimits.class)
                        .withMemberCategory(MemberCategory.INVOKE_DECLARED_METHODS))
                .accepts(hints);
        assertThat(RuntimeHintsPredicates.reflection().onType(AuthorizationAdvisor.class))
                .accepts(hints);
    }
}
