package io.ratelimit.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.ratelimit.Charge;
import io.ratelimit.Decision;
import io.ratelimit.Limit;
import io.ratelimit.RateLimitStore;
import io.ratelimit.algorithm.Algorithm;
import io.ratelimit.algorithm.CalendarPeriod;
import io.ratelimit.algorithm.ConcurrencyCap;
import io.ratelimit.algorithm.InvalidLimitException;
import io.ratelimit.algorithm.LeaseState;
import io.ratelimit.algorithm.Rate;
import io.ratelimit.algorithm.Refill;
import io.ratelimit.memory.InMemoryRateLimitStore;
import io.ratelimit.test.VirtualClock;
import io.ratelimit.test.redis.RedisExtension;
import io.ratelimit.test.redis.RedisServer;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * The script makes the same random decisions as the store in memory, as long as the clock is not set back.
 * {@code -Dio.ratelimit.redis.decisions=100000} makes more of them, {@code -Dio.ratelimit.redis.seed=42} repeats a run.
 */
@ExtendWith(RedisExtension.class)
@Tag("server")
class RedisAgainstMemoryTests {

    private static final int BATCH = 100;
    private static final int KEYS = 3;
    private static final Duration DAY = Duration.ofDays(1);
    private static final List<Duration> PERIODS = List.of(
            Duration.ofNanos(7_003_000),
            Duration.ofMillis(100),
            Duration.ofSeconds(1),
            Duration.ofSeconds(10),
            Duration.ofMinutes(1),
            Duration.ofSeconds(90),
            Duration.ofHours(1));
    private static final int[] THOUSANDTHS = {1, 333, 1_000, 2_500, 7_000, 10_000, 99_999};
    /** Mostly small, so that calls queue. */
    private static final int[] CAPS = {1, 1, 2, 2, 3, 10, 100};

    private final int decisions = Integer.getInteger("io.ratelimit.redis.decisions", 20_000);
    private final long seed = Long.getLong("io.ratelimit.redis.seed", System.nanoTime());
    private final Random random = new Random(seed);
    private final VirtualClock clock = new VirtualClock();
    private final RateLimitStore memory = InMemoryRateLimitStore.create(clock, 1_000_000);
    private final RedisServer server;
    private final RateLimitStore redis;
    private final List<Limit> limits = new ArrayList<>();
    private final List<Decision[]> taken = new ArrayList<>();
    private final Set<String> redefined = new HashSet<>();
    private final List<Long> told = Collections.synchronizedList(new ArrayList<>());
    private final List<Long> toldInMemory = new ArrayList<>();
    private Duration lastWait = Duration.ZERO;

    RedisAgainstMemoryTests(RedisServer server) {
        this.server = server;
        this.redis = VirtualTimeRedis.store(server, clock);
    }

    @AfterEach
    void close() {
        memory.close();
        redis.close();
    }

    @Test
    void everyStatusAndEveryGrantEqualsThatOfTheStoreInMemory() {
        memory.onLeaseReady(toldInMemory::add);
        redis.onLeaseReady(told::add);
        await().until(() -> !((List<?>) server.command("PUBSUB", "CHANNELS", "virtual*:ready")).isEmpty());
        int admitted = 0;
        int waiting = 0;
        int queued = 0;
        for (int i = 0; i < decisions; i++) {
            if (i % BATCH == 0) {
                startBatch(i / BATCH);
            }
            clock.advance(step());
            change();
            List<Charge> charges = chargesToDecide();
            charges.forEach(charge -> forgetIfFull(charge.limit(), charge.key()));
            Duration maxWait = randomWait(charges);
            Decision ours = redis.decide(charges, maxWait);
            Decision theirs = memory.decide(charges, maxWait);
            String what = "decision " + i + " of -Dio.ratelimit.redis.seed=" + seed + " for " + charges + " of "
                    + charges.stream().map(charge -> charge.limit().algorithm()).toList() + " within " + maxWait;
            assertThat(ours.statuses()).as(what).isEqualTo(theirs.statuses());
            assertThat(ours.admitted()).as(what).isEqualTo(theirs.admitted());
            assertThat(ours.waitTime()).as(what).isEqualTo(theirs.waitTime());
            assertThat(ours.isQueued()).as(what).isEqualTo(theirs.isQueued());
            if (ours.admitted() || ours.isQueued()) {
                admitted += ours.admitted() ? 1 : 0;
                waiting += ours.waitTime().isZero() ? 0 : 1;
                queued += ours.isQueued() ? 1 : 0;
                taken.add(new Decision[] {ours, theirs});
            }
            lastWait = ours.retryAfter().filter(wait -> !wait.isZero()).orElse(ours.resetAfter());
        }
        assertThat(admitted).isBetween(decisions / 4, decisions - decisions / 10);
        assertThat(waiting).isGreaterThan(decisions / 50);
        assertThat(queued).isGreaterThan(decisions / 100);
        assertThat(toldInMemory).hasSizeGreaterThan(decisions / 500);
        await().untilAsserted(
                        () -> assertThat(told).as("seed " + seed).containsExactlyInAnyOrderElementsOf(toldInMemory));
    }

    private void startBatch(int number) {
        limits.clear();
        taken.clear();
        for (int i = 0; i <= random.nextInt(3); i++) {
            limits.add(randomLimit("batch-" + number + "." + i));
        }
    }

    private Duration step() {
        return switch (random.nextInt(12)) {
            case 0, 1, 2 -> Duration.ZERO;
            case 3 -> shortened(0);
            case 4 -> shortened(1_000);
            case 5 -> Duration.ofNanos(random.nextInt(3_000_000));
            default ->
                Duration.ofNanos((long) (random.nextDouble() * randomPeriod().toNanos() / 3));
        };
    }

    /** At most a day, because a million steps of a month leave the microseconds that a server can count. */
    private Duration shortened(long nanos) {
        long wait = Math.min(lastWait.toNanos(), DAY.toNanos());
        return Duration.ofNanos(Math.max(0, wait - nanos));
    }

    private void change() {
        int kind = random.nextInt(60);
        int which = random.nextInt(limits.size());
        if (kind == 0) {
            forget(limits.get(which), "key-" + random.nextInt(KEYS));
        } else if (kind < 3) {
            limits.set(which, randomLimit(limits.get(which).name()));
            redefined.add(limits.get(which).name());
        } else if (kind < 12 && !taken.isEmpty()) {
            giveBack(taken.remove(random.nextInt(taken.size())));
        } else if (kind < 18 && !taken.isEmpty()) {
            renew();
        }
    }

    /**
     * A script renews several leases before it notifies waiting calls; the store in memory notifies after each lease.
     */
    private void renew() {
        List<Decision> ours = new ArrayList<>();
        List<Decision> theirs = new ArrayList<>();
        for (int i = 0; i <= random.nextInt(8); i++) {
            Decision[] both = taken.get(random.nextInt(taken.size()));
            ours.add(both[0]);
            theirs.add(both[1]);
        }
        List<LeaseState> states = redis.renew(ours).toCompletableFuture().join();
        List<Long> before = List.copyOf(toldInMemory);
        assertThat(states)
                .as("renewed leases of -Dio.ratelimit.redis.seed=" + seed)
                .isEqualTo(memory.renew(theirs).toCompletableFuture().join());
        Set<Long> now = new HashSet<>(toldInMemory.subList(before.size(), toldInMemory.size()));
        toldInMemory.clear();
        toldInMemory.addAll(before);
        toldInMemory.addAll(now);
    }

    private void giveBack(Decision[] both) {
        List<Charge> unused = new ArrayList<>();
        for (Charge charge : both[0].charges()) {
            if (charge.cost() > 0 && random.nextBoolean()) {
                long cost = random.nextBoolean() ? charge.cost() : 1 + random.nextLong(charge.cost());
                forgetIfFull(charge.limit(), charge.key());
                unused.add(new Charge(charge.limit(), charge.key(), cost, charge.lease()));
            }
        }
        if (!unused.isEmpty()) {
            redis.refund(both[0], unused).toCompletableFuture().join();
            memory.refund(both[1], unused).toCompletableFuture().join();
        }
    }

    /**
     * Resets a bucket that is full. Redis keeps a bucket that is full under one version of the limit for the other one,
     * the store in memory does not. The cost exceeds the capacity, so that the decision writes nothing.
     */
    private void forgetIfFull(Limit limit, String key) {
        Decision never = memory.decide(new Charge(limit, key, limit.capacity() + 1));
        if (never.resetAfter().isZero()) {
            forget(limit, key);
        }
    }

    private void forget(Limit limit, String key) {
        redis.reset(limit, key);
        memory.reset(limit, key);
    }

    /** Now and then those of a call that queues, which is decided again under the same leases. */
    private List<Charge> chargesToDecide() {
        if (!taken.isEmpty() && random.nextInt(4) == 0) {
            Decision before = taken.get(random.nextInt(taken.size()))[0];
            if (before.isQueued()) {
                return before.charges();
            }
        }
        return randomCharges();
    }

    private List<Charge> randomCharges() {
        List<Charge> charges = new ArrayList<>();
        int count = random.nextInt(3) == 0 ? 1 + random.nextInt(4) : 1;
        for (int i = 0; i < count; i++) {
            Limit limit = limits.get(random.nextInt(limits.size()));
            charges.add(new Charge(limit, "key-" + random.nextInt(KEYS), randomCost(limit)));
        }
        return Charge.merged(charges);
    }

    private long randomCost(Limit limit) {
        long capacity = limit.capacity();
        return switch (random.nextInt(12)) {
            case 0 -> 0;
            case 1 -> 1;
            case 2 -> capacity;
            case 3 -> capacity + 1;
            default -> 1 + (long) (random.nextDouble() * capacity / (random.nextBoolean() ? 1 : 5));
        };
    }

    private Duration randomWait(List<Charge> charges) {
        Duration wait = switch (random.nextInt(4)) {
            case 0 -> lastWait;
            case 1 ->
                Duration.ofNanos(
                        (long) (random.nextDouble() * 5 * randomPeriod().toNanos()));
            default -> Duration.ZERO;
        };
        try {
            charges.stream().map(Charge::limit).filter(Limit::canWait).forEach(limit -> limit.requireWait(wait));
            return wait;
        } catch (InvalidLimitException ex) {
            return Duration.ZERO;
        }
    }

    private Duration randomPeriod() {
        Limit limit = limits.get(random.nextInt(limits.size()));
        List<Rate> rates = limit.rates();
        int rate = random.nextInt(Math.max(1, rates.size()));
        return limit.concurrency()
                .map(ConcurrencyCap::leaseTime)
                .orElseGet(() -> rates.get(rate).period());
    }

    private Limit randomLimit(String name) {
        Algorithm algorithm = Algorithm.values()[random.nextInt(Algorithm.values().length)];
        Limit.Builder limit = Limit.named(name).algorithm(algorithm).cost(BigDecimal.ZERO);
        if (algorithm == Algorithm.FIXED_WINDOW && random.nextInt(3) == 0) {
            CalendarPeriod calendar = CalendarPeriod.values()[random.nextInt(CalendarPeriod.values().length)];
            BigDecimal tokens = randomTokens();
            return limit.rates(List.of(new Rate(tokens, calendar.nominal(), tokens)))
                    .calendar(calendar, ZoneId.of(random.nextBoolean() ? "Europe/Berlin" : "Asia/Kolkata"))
                    .build();
        }
        boolean bucket = algorithm == Algorithm.TOKEN_BUCKET;
        if (algorithm == Algorithm.CONCURRENCY) {
            Duration lease = PERIODS.get(1 + random.nextInt(PERIODS.size() - 1));
            return limit.maxConcurrent(CAPS[random.nextInt(CAPS.length)], lease).build();
        }
        List<Duration> periods = new ArrayList<>(PERIODS);
        Collections.shuffle(periods, random);
        List<Rate> rates = new ArrayList<>();
        for (int i = 0; i <= random.nextInt(3); i++) {
            BigDecimal tokens = randomTokens();
            rates.add(new Rate(tokens, periods.get(i), bucket ? randomTokens() : tokens));
        }
        return limit.rates(rates)
                .refill(bucket && random.nextBoolean() ? Refill.INTERVAL : Refill.SMOOTH)
                .build();
    }

    private BigDecimal randomTokens() {
        return BigDecimal.valueOf(THOUSANDTHS[random.nextInt(THOUSANDTHS.length)], 3);
    }
}
