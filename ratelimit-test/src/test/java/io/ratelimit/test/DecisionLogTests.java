package io.ratelimit.test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.ratelimit.algorithm.Rate;
import io.ratelimit.test.DecisionLog.Verdict;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DecisionLogTests {

    private static final Rate TEN_A_SECOND = Rate.parse("10/s");

    private final DecisionLog log = new DecisionLog();

    @Test
    void anEmptyLogIsPossible() {
        assertThat(log.check(TEN_A_SECOND)).isEqualTo(Verdict.POSSIBLE);
    }

    @Test
    void aBurstOfTheCapacityIsPossibleAndOneMoreIsNot() {
        admit(10, 0);
        assertThat(log.check(TEN_A_SECOND)).isEqualTo(Verdict.POSSIBLE);
        admit(1, 0);
        assertThat(log.check(TEN_A_SECOND)).isEqualTo(new Verdict(1, 0));
    }

    @Test
    void refillIsCountedFromTheFirstStartToTheLastEnd() {
        admit(10, 0);
        log.add(0, millis(100), 1000, true);
        assertThat(log.check(TEN_A_SECOND)).isEqualTo(Verdict.POSSIBLE);
        log.add(0, millis(100), 1000, true);
        assertThat(log.check(TEN_A_SECOND)).isEqualTo(new Verdict(1, 0));
    }

    @Test
    void aBurstIsFoundAfterSlowerCalls() {
        admit(1, 0);
        admit(10, millis(5_000));
        assertThat(log.check(TEN_A_SECOND)).isEqualTo(Verdict.POSSIBLE);
        admit(2, millis(5_050));
        assertThat(log.check(TEN_A_SECOND).overAdmissions()).isEqualTo(2);
    }

    @Test
    void theExcessIsThatOfTheWorstInterval() {
        assertThat(log.excess(TEN_A_SECOND)).isZero();
        admit(10, 0);
        assertThat(log.excess(TEN_A_SECOND)).isZero();
        admit(5, 0);
        assertThat(log.excess(TEN_A_SECOND)).isCloseTo(5, within(0.001));
        admit(1, millis(200));
        assertThat(log.excess(TEN_A_SECOND))
                .as("two tokens refilled, one was consumed")
                .isCloseTo(5, within(0.001));
        admit(4, millis(200));
        assertThat(log.excess(TEN_A_SECOND))
                .as("twenty tokens, less two that refilled")
                .isCloseTo(8, within(0.001));
        admit(22, millis(60_000));
        assertThat(log.excess(TEN_A_SECOND)).as("a later burst counts alone").isCloseTo(12, within(0.001));
        log.add(millis(60_000), millis(60_000), 9_000, false);
        assertThat(log.excess(TEN_A_SECOND)).as("rejections consume nothing").isCloseTo(12, within(0.001));
    }

    @Test
    void theExcessCountsThousandthsAndTheDurationOfCalls() {
        log.add(0, 0, 10_250, true);
        assertThat(log.excess(TEN_A_SECOND)).isCloseTo(0.25, within(0.001));
        log.add(0, millis(100), 1_500, true);
        assertThat(log.excess(TEN_A_SECOND)).isCloseTo(0.75, within(0.001));
    }

    @Test
    void aRejectionIsPossibleOfAnEmptyBucketAndNotOfAFullOne() {
        admit(10, 0);
        log.add(millis(50), millis(50), 1000, false);
        assertThat(log.check(TEN_A_SECOND)).isEqualTo(Verdict.POSSIBLE);
        log.add(millis(150), millis(150), 1000, false);
        assertThat(log.check(TEN_A_SECOND)).isEqualTo(new Verdict(0, 1));
    }

    @Test
    void aRejectionIsPossibleWhileACallInProgressMayHaveConsumedTheTokens() {
        log.add(0, millis(1_000), 10_000, true);
        log.add(millis(10), millis(20), 1000, false);
        assertThat(log.check(TEN_A_SECOND)).isEqualTo(Verdict.POSSIBLE);
    }

    @Test
    void aRejectionAboveTheCapacityIsPossible() {
        log.add(0, 0, 10_001, false);
        assertThat(log.check(TEN_A_SECOND)).isEqualTo(Verdict.POSSIBLE);
    }

    @Test
    void writesRowsForOtherTools(@TempDir Path directory) throws IOException {
        log.add(1, 2, 1500, true);
        log.add(3, 4, 1000, false);
        log.writeCsv(directory.resolve("log.csv"));
        assertThat(Files.readAllLines(directory.resolve("log.csv"))).containsExactly("1,2,1.5,A", "3,4,1.0,D");
        assertThat(log.admittedTokens()).isEqualTo(1.5);
    }

    private void admit(int calls, long nanos) {
        for (int i = 0; i < calls; i++) {
            log.add(nanos, nanos, 1000, true);
        }
    }

    private static long millis(long millis) {
        return millis * 1_000_000;
    }
}
