package io.ratelimit.faults;

import static org.assertj.core.api.Assertions.assertThat;

import io.ratelimit.DecisionSource;
import io.ratelimit.faults.Callers.Call;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.function.Predicate;

/** The effect of a fault on callers, from its beginning to its end, in nanoseconds of {@link System#nanoTime()}. */
record Figures(FaultReport.Row row, Callers callers, long broken, long mended) {

    /** From here on a call was kept waiting for the store. */
    private static final Duration WAITED = Duration.ofMillis(100);

    /** The deadline, and some time for a busy machine. */
    private static final Duration DEADLINE = Duration.ofMillis(250);

    private static final Duration BUSY = Duration.ofMillis(250);

    /**
     * Until the circuit breaker opened, calls took at most the deadline, and only for a short time; after that no call
     * blocked.
     */
    Figures answeredInTime(Predicate<Call> concerned) {
        List<Call> during =
                callers.begunIn(broken, mended).stream().filter(concerned).toList();
        long opened = during.stream()
                .filter(call -> call.nanos() >= WAITED.toNanos() || call.source() == DecisionSource.STORE)
                .mapToLong(Call::end)
                .max()
                .orElse(broken);
        long slowest = during.stream().mapToLong(Call::nanos).max().orElseThrow();
        List<Call> after =
                during.stream().filter(call -> call.start() >= opened).toList();
        assertThat(after).as("calls after the breaker opened").hasSizeGreaterThan(100);
        row.millis("slowest", slowest).millis("open after", opened - broken).micros("p99 then", p99(after));
        assertThat(Duration.ofNanos(slowest)).isLessThan(DEADLINE.plus(BUSY));
        assertThat(Duration.ofNanos(opened - broken)).isLessThan(Duration.ofSeconds(3));
        assertThat(Duration.ofNanos(p99(after))).isLessThan(Duration.ofMillis(5));
        assertThat(after).noneMatch(call -> call.source() == DecisionSource.STORE);
        return this;
    }

    /** After the end of the fault the store answers every call from some instant on. */
    Figures recoveredWithin(Duration most, Predicate<Call> concerned) {
        long recovered = callers.where(call -> call.end() > mended && call.source() != DecisionSource.STORE).stream()
                .filter(concerned)
                .mapToLong(Call::end)
                .max()
                .orElse(mended);
        row.millis("recovery", recovered - mended);
        assertThat(Duration.ofNanos(recovered - mended)).isLessThan(most);
        assertThat(callers.where(call -> call.start() > recovered && concerned.test(call)))
                .as("calls after the recovery")
                .hasSizeGreaterThan(100);
        return this;
    }

    /** Callers of other shards never noticed. */
    Figures untouched(Predicate<Call> others) {
        List<Call> during = callers.where(call -> call.start() >= broken).stream()
                .filter(others)
                .toList();
        row.micros("p99 of others", p99(during));
        assertThat(during).hasSizeGreaterThan(100).allMatch(call -> call.source() == DecisionSource.STORE);
        return this;
    }

    private static long p99(List<Call> calls) {
        return calls.stream()
                .sorted(Comparator.comparingLong(Call::nanos))
                .skip(calls.size() * 99L / 100)
                .mapToLong(Call::nanos)
                .findFirst()
                .orElseThrow();
    }
}
