package io.ratelimit.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class FirstSecondTests {

    @Test
    void everyContenderGivesTheRightAnswers() {
        for (CallContender contender : FirstSecond.contenders()) {
            CheckedCall call = contender.open("user-42");

            for (int i = 0; i < 3; i++) {
                assertThat(call.make()).as(contender.label()).isPositive();
            }
        }
    }

    @Test
    void aFigureIsTheTimeOfACallBeforeItsInstant() {
        AtomicLong calls = new AtomicLong();

        List<Double> nanos =
                FirstSecond.nanosBefore(List.of(Duration.ofMillis(15), Duration.ofMillis(30)), calls::incrementAndGet);

        assertThat(nanos).hasSize(2).allSatisfy(figure -> assertThat(figure).isBetween(0.1, 1e6));
        assertThat(calls.get()).isGreaterThan(128);
    }

    @ParameterizedTest
    @EnumSource(names = {"RATELIMIT", "FAILSAFE", "BUCKET4J", "INTERCEPTOR"})
    void theFirstCallOfAJvmIsAdmitted(FirstCall.Subject subject) {
        assertThat(subject.create().tryAcquire("user-42")).isTrue();
    }
}
