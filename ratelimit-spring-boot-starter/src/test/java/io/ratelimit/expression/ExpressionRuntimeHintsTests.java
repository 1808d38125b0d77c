package io.ratelimit.expression;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.springframework.aot.hint.RuntimeHints;
import org.springframework.aot.hint.predicate.RuntimeHintsPredicates;

class ExpressionRuntimeHintsTests {

    @Test
    void registersTheRootOfExpressions() throws Exception {
        RuntimeHints hints = new RuntimeHints();
        new ExpressionRuntimeHints().registerHints(hints, getClass().getClassLoader());
        assertThat(RuntimeHintsPredicates.reflection().onMethodInvocation(CallSnapshot.class.getMethod("args")))
                .accepts(hints);
    }
}
