package io.ratelimit.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatNoException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class CallTableTests {

    @ParameterizedTest
    @EnumSource
    void everyContenderGivesTheRightAnswers(CallTable table) {
        for (CallContender contender : table.contenders()) {
            CheckedCall call = table.contender(contender.name()).open("user-42");

            assertThatNoException().as(contender.label()).isThrownBy(() -> {
                for (int i = 0; i < 500; i++) {
                    call.make();
                }
            });
        }
    }

    @ParameterizedTest
    @EnumSource
    void aContenderIsNamedByOneWordThatNoOtherHas(CallTable table) {
        assertThat(table.contenders())
                .extracting(CallContender::name)
                .doesNotHaveDuplicates()
                .allSatisfy(
                        name -> assertThat(name).doesNotContainAnyWhitespaces().doesNotContain(","));
    }

    @Test
    void anUnknownContenderIsReportedWithThoseThatTheTableHas() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> CallTable.LIMITS.contender("nobody"))
                .withMessageStartingWith("No contender of LIMITS is named \"nobody\"; use one of [ratelimit-limits-1,");
    }

    @Test
    void aCallWithTheWrongAnswerFails() {
        CheckedCall call = CheckedCall.of(BenchmarkLimit.EXHAUSTED, key -> true, "user-42");

        assertThatIllegalStateException().isThrownBy(() -> call.make()).withMessageContaining("returned true");
    }
}
