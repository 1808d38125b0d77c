package io.ratelimit.algorithm;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Checks that a stored state is observed as if it had been advanced before, and that no observation changes it. */
class StoredStateTests {

    private static final int STEPS = 20_000;
    private static final long[] CAPACITY_SHARES = {0, 1, 2, 3, 10, 100};

    static Stream<RateAlgorithm> algorithms() {
        return Stream.of(
                TokenBucket.of(Rate.parse("7/3s burst 20"), Refill.SMOOTH),
                TokenBucket.of(Rate.parse("7/3s burst 20"), Refill.INTERVAL),
                TokenBucket.of(Rate.parse("1000000000/s"), Refill.SMOOTH),
                TokenBucket.of(Rate.parse("5/1d"), Refill.INTERVAL),
                SlidingWindowLog.of(Rate.parse("20/3s")),
                SlidingWindowCounter.of(Rate.parse("20/3s")),
                FixedWindow.of(Rate.parse("20/3s"), null, ZoneOffset.UTC),
                FixedWindow.of(Rate.parse("20/1d"), CalendarPeriod.DAY, ZoneId.of("Europe/Berlin")),
                ConcurrencyLeases.of(new ConcurrencyCap(20, Duration.ofSeconds(3)))
                        .forLease(1),
                ConcurrencyLeases.of(new ConcurrencyCap(20, Duration.ofSeconds(3))));
    }

    @ParameterizedTest
    @MethodSource("algorithms")
    void isObservedAsIfItHadBeenAdvancedBefore(RateAlgorithm rate) {
        Random random = new Random(42);
        long now = 1_700_000_000_000_000L;
        long[] state = rate.full(now);
        for (int i = 0; i < STEPS; i++) {
            now += step(rate, random);
            if (rate.clockMovedBack(state, now)) {
                state = rate.advance(state, now);
            }
            long cost = rate.capacityThousandths() / Math.max(1, CAPACITY_SHARES[random.nextInt(6)]) % 7_001;
            long[] stored = state.clone();
            long[] advanced = rate.advance(state.clone(), now);
            Observations ofStored = observed(rate, state, now, cost);
            assertThat(state).as("step %s", i).containsExactly(stored);
            assertThat(numbers(ofStored))
                    .as("step %s", i)
                    .containsExactly(numbers(observed(rate, advanced, now, cost)));
            long wait = rate.ticksUntilAdmitted(ofStored, 0, cost);
            if (cost > 0 && wait <= Math.min(rate.longestWait(), random.nextBoolean() ? 0 : rate.period())) {
                state = rate.consume(rate.advance(state, now), cost, ofStored.instant(0) + wait);
            } else if (random.nextInt(10) == 0) {
                state = rate.debit(rate.advance(state, now), cost);
            } else if (random.nextInt(10) == 0) {
                state = rate.refund(rate.advance(state, now), cost, now - random.nextInt(1_000));
            }
        }
    }

    /** Mostly a part of the period, sometimes many of them, and sometimes back. */
    private static long step(RateAlgorithm rate, Random random) {
        return switch (random.nextInt(12)) {
            case 0 -> -(long) (random.nextDouble() * 4 * rate.period());
            case 1 -> (long) (random.nextDouble() * 5 * rate.period());
            case 2 -> 0;
            default -> (long) (random.nextDouble() * rate.period() / 4);
        };
    }

    private static Observations observed(RateAlgorithm rate, long[] state, long now, long cost) {
        Observations observations = Observations.ofRates(1);
        rate.observe(state, now, cost, observations, 0);
        return observations;
    }

    private static long[] numbers(Observations observations) {
        return new long[] {
            observations.instant(0), observations.get(0, 1), observations.get(0, 2), observations.get(0, 3)
        };
    }
}
