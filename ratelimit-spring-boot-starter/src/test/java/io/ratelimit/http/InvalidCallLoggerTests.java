package io.ratelimit.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.ratelimit.EmptyKeyException;
import io.ratelimit.expression.InvalidCallException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

@ExtendWith(OutputCaptureExtension.class)
class InvalidCallLoggerTests {

    private static final InvalidCallException INVALID = new InvalidCallException(
            "secret message", "costExpression", "costExpression of @RateLimited on Shop#buy(int)", "a rule", "secret");

    private final AtomicLong clock = new AtomicLong(Long.MAX_VALUE - 10);
    private final InvalidCallLogger logger = new InvalidCallLogger(clock::get);

    @Test
    void logsOneLineASecondForEachLimitWithTheCountOfThoseLeftOut(CapturedOutput output) {
        for (int i = 0; i < 20; i++) {
            logger.log(INVALID.forLimit("search"));
            logger.log(INVALID.forLimit("report"));
        }
        assertThat(lines(output)).isEqualTo(2);
        clock.addAndGet(Duration.ofMillis(999).toNanos());
        logger.log(INVALID.forLimit("search"));
        assertThat(lines(output)).isEqualTo(2);
        clock.addAndGet(Duration.ofMillis(1).toNanos());
        logger.log(INVALID.forLimit("search"));
        clock.addAndGet(Duration.ofSeconds(1).toNanos());
        logger.log(INVALID.forLimit("search"));

        assertThat(output.getAll().lines().filter(line -> line.contains("\"search\"")))
                .hasSize(3)
                .allMatch(line -> line.contains("no valid costExpression of @RateLimited on Shop#buy(int) for limit"))
                .satisfiesExactly(
                        first -> assertThat(first).endsWith(": a rule"),
                        second -> assertThat(second).endsWith("; 20 more since the last such line"),
                        third -> assertThat(third).endsWith(": a rule"));
        assertThat(output.getAll()).doesNotContain("secret").doesNotContain("\tat ");
    }

    @Test
    void emptyKeysAreLoggedAndCountedAsTheOtherInvalidCallsOfTheirLimit(CapturedOutput output) {
        logger.log(new EmptyKeyException("search"));
        logger.log(new EmptyKeyException("search"));
        logger.log(INVALID.forLimit("search"));
        clock.addAndGet(Duration.ofSeconds(1).toNanos());
        logger.log(new EmptyKeyException("search"));

        String line = "no valid key for limit \"search\": it is null or blank, or has a null part";
        assertThat(output.getAll().lines().filter(text -> text.contains("\"search\"")))
                .satisfiesExactly(
                        first -> assertThat(first).contains("WARN").endsWith(line),
                        second -> assertThat(second).endsWith(line + "; 2 more since the last such line"));
        assertThat(output.getAll()).doesNotContain("\tat ");
    }

    @Test
    void aCallWithoutALimitIsNamedByItsAttribute(CapturedOutput output) {
        logger.log(INVALID);
        logger.log(INVALID);

        assertThat(output.getAll().lines().filter(line -> line.endsWith("on Shop#buy(int): a rule")))
                .hasSize(1);
    }

    @Test
    void remembersTheLastThousandLimits(CapturedOutput output) {
        for (int i = 0; i < 1_001; i++) {
            logger.log(INVALID.forLimit("limit-" + i));
        }
        logger.log(INVALID.forLimit("limit-1"));
        logger.log(INVALID.forLimit("limit-0"));

        assertThat(output.getAll().lines().filter(line -> line.contains("\"limit-1\"")))
                .hasSize(1);
        assertThat(output.getAll().lines().filter(line -> line.contains("\"limit-0\"")))
                .hasSize(2);
    }

    private static long lines(CapturedOutput output) {
        return output.getAll().lines().filter(line -> line.contains("Shop")).count();
    }
}
