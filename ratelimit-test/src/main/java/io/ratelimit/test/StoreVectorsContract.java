package io.ratelimit.test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ratelimit.Decision;
import io.ratelimit.Limit;
import io.ratelimit.algorithm.Algorithm;
import io.ratelimit.algorithm.InvalidLimitException;
import io.ratelimit.algorithm.LeaseState;
import io.ratelimit.algorithm.Rate;
import io.ratelimit.algorithm.Refill;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Replays the cases in the {@code *-vectors.txt} files, most of which other limiters publish. */
abstract class StoreVectorsContract extends StoreContractSection {

    private static final String WALL_CLOCK = "wall clock ";
    private static final String INTERVAL = "interval ";

    StoreVectorsContract(TestedStore tested) {
        super(tested);
    }

    @TestFactory
    Stream<DynamicTest> matchesTheCasesThatOtherLimitersPublish() {
        return VectorCase.all()
                .filter(vector -> tested.ownsWallClock() || !vector.rates().startsWith(WALL_CLOCK))
                .map(vector -> DynamicTest.dynamicTest(vector.title(), () -> replay(vector)));
    }

    private void replay(VectorCase vector) {
        String rates = vector.rates().replace(WALL_CLOCK, "");
        if (vector.lines().get(0)[0].equals("refused")) {
            assertThatThrownBy(() -> limit(vector, rates))
                    .isInstanceOf(InvalidLimitException.class)
                    .hasMessageContaining(vector.lines().get(0)[1]);
            return;
        }
        Limit limit = limit(vector, rates);
        Duration start = clock.now().plusHours(1).truncatedTo(ChronoUnit.HOURS);
        List<Decision> decisions = new ArrayList<>();
        for (String[] line : vector.lines()) {
            switch (line[0]) {
                case "step" -> decisions.add(step(limit, start, line));
                case "wait" -> decisions.add(waiting(limit, start, line));
                case "back" -> refund(decisions, start, line);
                case "again" -> retry(decisions, start, line);
                case "renew" -> renew(decisions, start, line);
                case "calls" -> calls(limit, start, line);
                case "every" -> every(limit, start, line);
                case "limit" -> limit = limit(vector, line[1]);
                default -> throw new IllegalStateException("Unknown line in a vectors file: " + Arrays.toString(line));
            }
        }
    }

    private Decision step(Limit limit, Duration start, String[] line) {
        clock.set(start.plusNanos(nanos(line[1])));
        Decision decision = tryAcquire(limit, "key", line[2]);
        String step = Arrays.toString(line) + " got " + decision;
        assertThat(decision.admitted()).as(step).isEqualTo(line[3].equals("yes"));
        if (!line[4].equals("-")) {
            assertThat((long) Math.floor(decision.remaining())).as(step).isEqualTo(Long.parseLong(line[4]));
        }
        if (!line[5].equals("-")) {
            assertThat(millisUp(decision.resetAfter())).as(step).isEqualTo(Long.parseLong(line[5]));
        }
        assertRetry(decision, line[6], step);
        return decision;
    }

    private Decision waiting(Limit limit, Duration start, String[] line) {
        Duration now = start.plusNanos(nanos(line[1]));
        clock.set(now);
        Duration maxWait = Duration.ofMillis(Long.parseLong(line[3]));
        Decision decision = decide(maxWait, charge(limit, "key", line[2]));
        String step = Arrays.toString(line) + " got " + decision;
        assertThat(decision.admitted()).as(step).isEqualTo(!line[4].equals("no"));
        if (decision.admitted()) {
            assertThat(millisUp(now.plus(decision.waitTime()).minus(start)))
                    .as(step)
                    .isEqualTo(Long.parseLong(line[4]));
        }
        assertRetry(decision, line[5], step);
        return decision;
    }

    private void refund(List<Decision> decisions, Duration start, String[] line) {
        clock.set(start.plusNanos(nanos(line[1])));
        Decision decision = decisions.get(Integer.parseInt(line[2]) - 1);
        refund(decision, line[3]);
    }

    private void retry(List<Decision> decisions, Duration start, String[] line) {
        clock.set(start.plusNanos(nanos(line[1])));
        Decision queued = decisions.get(Integer.parseInt(line[2]) - 1);
        assertThat(retry(queued).admitted()).as(Arrays.toString(line)).isEqualTo(line[3].equals("yes"));
    }

    private void renew(List<Decision> decisions, Duration start, String[] line) {
        clock.set(start.plusNanos(nanos(line[1])));
        Decision decision = decisions.get(Integer.parseInt(line[2]) - 1);
        assertThat(renew(decision)).as(Arrays.toString(line)).isEqualTo(LeaseState.valueOf(line[3]));
    }

    private static void assertRetry(Decision decision, String retry, String step) {
        assertThat(decision.isPermanent()).as(step).isEqualTo(retry.equals("never"));
        if (!retry.equals("-") && !retry.equals("never")) {
            assertThat(millisUp(retryAfter(decision))).as(step).isEqualTo(Long.parseLong(retry));
        }
    }

    private void calls(Limit limit, Duration start, String[] line) {
        clock.set(start.plusMillis(Long.parseLong(line[1])));
        assertThat(admitted(limit, Integer.parseInt(line[2]), "1", Duration.ZERO))
                .as(Arrays.toString(line))
                .isEqualTo(Integer.parseInt(line[3]));
    }

    private void every(Limit limit, Duration start, String[] line) {
        clock.set(start);
        int calls = Integer.parseInt(line[2]) / Integer.parseInt(line[1]);
        assertThat(admitted(limit, calls, line[3], Duration.ofMillis(Long.parseLong(line[1]))))
                .as(Arrays.toString(line))
                .isBetween(Integer.parseInt(line[4]), Integer.parseInt(line[5]));
    }

    private int admitted(Limit limit, int calls, String cost, Duration step) {
        int admitted = 0;
        for (int i = 0; i < calls; i++) {
            admitted += tryAcquire(limit, "key", cost).admitted() ? 1 : 0;
            clock.advance(step);
        }
        return admitted;
    }

    private static long millisUp(Duration duration) {
        return duration.plusNanos(999_999).toMillis();
    }

    private static long nanos(String millis) {
        return new BigDecimal(millis).movePointRight(6).longValueExact();
    }

    private static Limit limit(VectorCase vector, String rates) {
        if (vector.algorithm() == Algorithm.CONCURRENCY) {
            Rate tokensPerLease = Rate.parse(rates);
            return Limit.named(vector.name())
                    .maxConcurrent(tokensPerLease.tokens().intValueExact(), tokensPerLease.period())
                    .cost(BigDecimal.ZERO)
                    .build();
        }
        return Limit.named(vector.name())
                .rates(rates.replace(INTERVAL, "").split(", "))
                .algorithm(vector.algorithm())
                .refill(rates.startsWith(INTERVAL) ? Refill.INTERVAL : Refill.SMOOTH)
                .cost(BigDecimal.ZERO)
                .build();
    }
}
