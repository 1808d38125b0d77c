package io.ratelimit.redis;

import static org.assertj.core.api.Assertions.assertThat;

import io.ratelimit.Charge;
import io.ratelimit.Decision;
import io.ratelimit.Limit;
import io.ratelimit.algorithm.Algorithm;
import io.ratelimit.algorithm.CalendarPeriod;
import io.ratelimit.algorithm.Rate;
import io.ratelimit.algorithm.Refill;
import io.ratelimit.test.VirtualClock;
import io.ratelimit.test.redis.RedisExtension;
import io.ratelimit.test.redis.RedisServer;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * A batch of random decisions has the same results as its decisions one by one in their order, without the short path
 * of the script.
 * {@code -Dio.ratelimit.redis.seed=42} repeats a run.
 */
@ExtendWith(RedisExtension.class)
class BatchAgainstSinglesTests {

    private static final int BATCHES = 150;
    private static final int TOGETHER = 60;

    /** A period that is no multiple of the steps in which a counter counts. */
    private static final Rate UNEVEN = new Rate(BigDecimal.TEN, Duration.ofNanos(7_000_003_000L), BigDecimal.TEN);

    private final long seed = Long.getLong("io.ratelimit.redis.seed", System.nanoTime());
    private final Random random = new Random(seed);
    private final VirtualClock clock = new VirtualClock();
    private final RedisRateLimitStore singles;
    private final RedisRateLimitStore batches;
    private HeldDriver driver;
    private List<Limit> limits = List.of();
    private List<Charge> before = List.of();

    BatchAgainstSinglesTests(RedisServer redis) {
        this.singles = VirtualTimeRedis.store(
                redis,
                clock,
                VirtualTimeRedis.withoutShortPath(VirtualTimeRedis.script()),
                new RedisKeys("singles" + System.nanoTime()));
        this.batches = VirtualTimeRedis.store(redis, clock, timed -> driver = new HeldDriver(timed));
    }

    @AfterEach
    void close() {
        singles.close();
        batches.close();
    }

    @Test
    void theAnswersAreThoseOfOneByOne() {
        int admitted = 0;
        List<Decision[]> taken = new ArrayList<>();
        singles.decide(new Charge(Limit.of("first", "10/s"), "key", 0));
        batches.decide(new Charge(Limit.of("first", "10/s"), "key", 0));
        for (int i = 0; i < BATCHES; i++) {
            if (i % 10 == 0) {
                limits = randomLimits(i / 10);
                before = List.of();
                taken.clear();
            }
            clock.advance(Duration.ofNanos((long) (Math.pow(random.nextDouble(), 4) * 20e9)));
            List<Decision> expected = new ArrayList<>();
            List<Supplier<CompletableFuture<Decision>>> calls = new ArrayList<>();
            for (int call = 0; call < TOGETHER; call++) {
                if (!taken.isEmpty() && random.nextInt(15) == 0) {
                    change(taken.remove(random.nextInt(taken.size())), calls);
                } else {
                    List<Charge> charges = randomCharges();
                    Duration wait = random.nextInt(5) == 0 ? Duration.ofMillis(300) : Duration.ZERO;
                    expected.add(singles.decide(charges, wait));
                    calls.add(() -> batches.decideAsync(charges, wait).toCompletableFuture());
                }
            }
            List<Decision> decisions = together(calls);
            for (int call = 0; call < decisions.size(); call++) {
                Decision ours = decisions.get(call);
                Decision theirs = expected.get(call);
                String what = "batch " + i + ", decision " + call + " of -Dio.ratelimit.redis.seed=" + seed + " for "
                        + theirs.charges();
                assertThat(ours.statuses()).as(what).isEqualTo(theirs.statuses());
                assertThat(ours.admitted()).as(what).isEqualTo(theirs.admitted());
                assertThat(ours.waitTime()).as(what).isEqualTo(theirs.waitTime());
                if (ours.admitted()) {
                    admitted++;
                    taken.add(new Decision[] {ours, theirs});
                }
            }
        }
        assertThat(admitted).isBetween(BATCHES * TOGETHER / 10, BATCHES * TOGETHER * 9 / 10);
    }

    /** Has two calls under way while the others gather. */
    private List<Decision> together(List<Supplier<CompletableFuture<Decision>>> calls) {
        driver.hold();
        List<CompletableFuture<Decision>> ahead = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            ahead.add(batches.decideAsync(List.of(new Charge(Limit.of("ahead", "10/s"), "key", 0)), Duration.ZERO)
                    .toCompletableFuture());
        }
        driver.calls();
        List<CompletableFuture<Decision>> asked =
                calls.stream().map(Supplier::get).toList();
        assertThat(driver.calls()).isZero();
        driver.release();
        ahead.forEach(CompletableFuture::join);
        List<Decision> decisions = new ArrayList<>();
        for (CompletableFuture<Decision> decision : asked) {
            Decision decided = decision.join();
            if (decided != null) {
                decisions.add(decided);
            }
        }
        return decisions;
    }

    private void change(Decision[] both, List<Supplier<CompletableFuture<Decision>>> calls) {
        List<Charge> charges = both[0].charges();
        boolean back = random.nextBoolean() || both[0].isLeased();
        if (back) {
            singles.refund(both[1], charges).toCompletableFuture().join();
            calls.add(() -> nothing(batches.refund(both[0], charges).toCompletableFuture()));
        } else {
            singles.debit(both[1], charges).toCompletableFuture().join();
            calls.add(() -> nothing(batches.debit(both[0], charges).toCompletableFuture()));
        }
    }

    @SuppressWarnings("NullAway")
    private static CompletableFuture<Decision> nothing(CompletableFuture<Void> change) {
        return change.thenApply(done -> null);
    }

    /** Every third call is equal to the one before, so that entries of several keys have several requests. */
    private List<Charge> randomCharges() {
        if (!before.isEmpty() && random.nextInt(3) == 0) {
            return before;
        }
        List<Charge> charges = new ArrayList<>();
        int count = random.nextInt(6) == 0 ? 2 + random.nextInt(2) : 1;
        for (int i = 0; i < count; i++) {
            Limit limit = limits.get(random.nextInt(3) == 0 ? random.nextInt(limits.size()) : 0);
            long cost = random.nextInt(3) == 0 ? random.nextInt(2_500) : 1_000;
            charges.add(new Charge(limit, "key-" + random.nextInt(3), random.nextInt(40) == 0 ? 1_000_000 : cost));
        }
        before = Charge.merged(charges);
        return before;
    }

    /** The first, which is asked most, is such that its decisions travel as one entry. */
    private List<Limit> randomLimits(int number) {
        String name = "round-" + number;
        return List.of(
                Limit.of(
                        name,
                        List.of("10/s", "7/s burst 33", "1000/1h burst 40", "3.333/7s burst 41.5")
                                .get(number % 4)),
                Limit.of(name + ".other", "25/10s"),
                Limit.named(name + ".interval")
                        .rates("3/2s burst 12")
                        .refill(Refill.INTERVAL)
                        .build(),
                Limit.of(name + ".rates", "10/s", "100/1m"),
                Limit.named(name + ".counter")
                        .rates(List.of(UNEVEN))
                        .algorithm(Algorithm.SLIDING_WINDOW_COUNTER)
                        .build(),
                Limit.named(name + ".window")
                        .rates("25/10s")
                        .algorithm(Algorithm.FIXED_WINDOW)
                        .build(),
                Limit.named(name + ".log")
                        .rates("20/10s")
                        .algorithm(Algorithm.SLIDING_WINDOW)
                        .build(),
                Limit.named(name + ".days")
                        .rates("100/1d")
                        .algorithm(Algorithm.FIXED_WINDOW)
                        .calendar(CalendarPeriod.DAY, ZoneId.of("Europe/Berlin"))
                        .build());
    }
}
