package io.ratelimit.redis;

import static org.assertj.core.api.Assertions.assertThat;

import io.ratelimit.Charge;
import io.ratelimit.Decision;
import io.ratelimit.Limit;
import io.ratelimit.algorithm.Algorithm;
import io.ratelimit.algorithm.Rate;
import io.ratelimit.algorithm.Refill;
import io.ratelimit.test.VirtualClock;
import io.ratelimit.test.redis.RedisExtension;
import io.ratelimit.test.redis.RedisServer;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * The short path of the script makes the same random decisions as the rest of the script, and leaves the same bytes and
 * times to live. {@code -Dio.ratelimit.redis.calls=100000} makes more of them, {@code -Dio.ratelimit.redis.seed=42}
 * repeats a run.
 */
@ExtendWith(RedisExtension.class)
@Tag("server")
class ShortPathTests {

    private static final int CALLS_OF_LIMITS = 100;
    private static final int KEYS = 3;
    private static final List<Duration> PERIODS = List.of(
            Duration.ofNanos(7_003_000),
            Duration.ofMillis(100),
            Duration.ofSeconds(1),
            Duration.ofNanos(7_000_003_000L),
            Duration.ofSeconds(90),
            Duration.ofHours(1));
    private static final int[] THOUSANDTHS = {1, 333, 1_000, 2_500, 7_000, 10_000, 99_999};
    private static final String COMPARISON = """
            for i = 1, #KEYS, 2 do
              for _, part in ipairs({ '', ':ttl' }) do
                if redis.call('GET', KEYS[i] .. part) ~= redis.call('GET', KEYS[i + 1] .. part) then
                  return KEYS[i] .. part
                end
              end
            end
            return ''
            """;

    private final int calls = Integer.getInteger("io.ratelimit.redis.calls", 20_000);
    private final long seed = Long.getLong("io.ratelimit.redis.seed", System.nanoTime());
    private final Random random = new Random(seed);
    private final VirtualClock clock = new VirtualClock();
    private final RedisKeys shortKeys = new RedisKeys("short");
    private final RedisKeys fullKeys = new RedisKeys("full");
    private final RedisServer server;
    private final RedisRateLimitStore shortPath;
    private final RedisRateLimitStore fullPath;
    private final List<Limit> limits = new ArrayList<>();
    private final List<Decision[]> taken = new ArrayList<>();

    ShortPathTests(RedisServer server) {
        this.server = server;
        server.command("FLUSHALL");
        this.shortPath = VirtualTimeRedis.store(
                server, clock, counting(recordingLifetimes(RateLimitScript.packaged())), shortKeys);
        this.fullPath = VirtualTimeRedis.store(
                server,
                clock,
                VirtualTimeRedis.withoutShortPath(recordingLifetimes(RateLimitScript.packaged())),
                fullKeys);
    }

    @AfterEach
    void close() {
        shortPath.close();
        fullPath.close();
    }

    /** Keys live for an hour of the server, and their time to live by the clock of the test is kept beside them. */
    private static String recordingLifetimes(String lua) {
        String virtual = VirtualTimeRedis.script(lua);
        virtual = VirtualTimeRedis.replace(
                virtual,
                "'PX', 3600000).err\n    if failure",
                "'PX', 3600000).err\n    redis.call('SET', KEYS[key] .. ':ttl', ttl)\n    if failure");
        return VirtualTimeRedis.replace(
                virtual,
                "'PX', 3600000).err\n      if failure",
                "'PX', 3600000).err\n      redis.call('SET', change.key .. ':ttl', change.ttl)\n      if failure");
    }

    private static String counting(String lua) {
        return VirtualTimeRedis.replace(
                lua,
                "if not wanted then return { results } end",
                "if not wanted then redis.call('INCR', 'shortcuts') return { results } end");
    }

    @Test
    void everyDecisionAndEveryValueEqualsThatOfTheRestOfTheScript() {
        int admitted = 0;
        for (int i = 0; i < calls; i++) {
            if (i % CALLS_OF_LIMITS == 0) {
                startLimits(i / CALLS_OF_LIMITS);
            }
            moveClock();
            change();
            List<Charge> charges = randomCharges();
            Duration maxWait = random.nextInt(20) == 0
                            && charges.stream()
                                    .allMatch(charge -> charge.limit().canWait())
                    ? Duration.ofMillis(random.nextInt(2_000))
                    : Duration.ZERO;
            Decision ours = shortPath.decide(charges, maxWait);
            Decision theirs = fullPath.decide(charges, maxWait);
            int call = i;
            Supplier<String> what = () -> "call " + call + " of -Dio.ratelimit.redis.seed=" + seed + ": " + charges;
            assertThat(ours.statuses()).as(what).isEqualTo(theirs.statuses());
            assertThat(ours.admitted()).as(what).isEqualTo(theirs.admitted());
            assertThat(ours.waitTime()).as(what).isEqualTo(theirs.waitTime());
            assertThat(firstDifference(charges)).as(what).isEmpty();
            if (ours.admitted()) {
                admitted++;
                taken.add(new Decision[] {ours, theirs});
            }
        }
        assertThat(shortPath.healed()).isEqualTo(fullPath.healed());
        assertThat(admitted).isBetween(calls / 4, calls - calls / 10);
        assertThat(Integer.parseInt(String.valueOf(server.command("GET", "shortcuts"))))
                .isBetween(calls / 2, calls - calls / 20);
    }

    private String firstDifference(List<Charge> charges) {
        List<String> words = new ArrayList<>(List.of("EVAL", COMPARISON, String.valueOf(2 * charges.size())));
        for (Charge charge : charges) {
            words.add(text(shortKeys.key(charge)));
            words.add(text(fullKeys.key(charge)));
        }
        return String.valueOf(server.command(words.toArray(new String[0])));
    }

    private void startLimits(int number) {
        limits.clear();
        taken.clear();
        for (int i = 0; i <= random.nextInt(3); i++) {
            limits.add(randomLimit("limits-" + number + "." + i));
        }
    }

    private void moveClock() {
        long period = random.nextBoolean()
                ? 20_000_000
                : limits.get(0).rates().get(0).period().toNanos();
        long step = (long) (random.nextDouble() * Math.min(period, 5_000_000_000L) / 3);
        switch (random.nextInt(100)) {
            case 0 -> clock.stepBack(Duration.ofNanos(step));
            case 1 -> clock.advance(Duration.ofNanos(step * 10));
            default -> clock.advance(random.nextInt(3) == 0 ? Duration.ZERO : Duration.ofNanos(step));
        }
    }

    /** Now and then redefines a limit, refunds, debits, resets, or writes a value that no script wrote. */
    private void change() {
        int which = random.nextInt(limits.size());
        Limit limit = limits.get(which);
        String key = "key-" + random.nextInt(KEYS);
        switch (random.nextInt(120)) {
            case 0, 1 -> limits.set(which, randomLimit(limit.name()));
            case 2, 3, 4 -> settle(true);
            case 5, 6, 7 -> settle(false);
            case 8 -> {
                shortPath.reset(limit, key);
                fullPath.reset(limit, key);
            }
            case 9 -> {
                String foreign =
                        List.of("", "\u0000", "\u0002nothing", "\u000e", "5").get(random.nextInt(5));
                server.command("SET", text(shortKeys.key(limit.name(), key)), foreign);
                server.command("SET", text(fullKeys.key(limit.name(), key)), foreign);
            }
            default -> {}
        }
    }

    private void settle(boolean refund) {
        if (!taken.isEmpty()) {
            Decision[] both = taken.remove(random.nextInt(taken.size()));
            List<Charge> charges = both[0].charges();
            (refund ? shortPath.refund(both[0], charges) : shortPath.debit(both[0], charges))
                    .toCompletableFuture()
                    .join();
            (refund ? fullPath.refund(both[1], charges) : fullPath.debit(both[1], charges))
                    .toCompletableFuture()
                    .join();
        }
    }

    private List<Charge> randomCharges() {
        List<Charge> charges = new ArrayList<>();
        int count = random.nextInt(3) == 0 ? 1 + random.nextInt(4) : 1;
        for (int i = 0; i < count; i++) {
            Limit limit = limits.get(random.nextInt(limits.size()));
            charges.add(new Charge(limit, "key-" + random.nextInt(KEYS), randomCost(limit.capacity())));
        }
        return Charge.merged(charges);
    }

    private long randomCost(long capacity) {
        return switch (random.nextInt(12)) {
            case 0 -> 0;
            case 1 -> 1;
            case 2 -> capacity;
            case 3 -> random.nextInt(5) == 0 ? capacity + 1 : capacity / 2;
            default -> 1 + (long) (random.nextDouble() * capacity / (random.nextBoolean() ? 2 : 8));
        };
    }

    private Limit randomLimit(String name) {
        Limit.Builder limit = Limit.named(name).cost(BigDecimal.ZERO);
        Duration period = PERIODS.get(random.nextInt(PERIODS.size()));
        BigDecimal tokens = randomTokens();
        Rate window = new Rate(tokens, period, tokens);
        Rate bucket = new Rate(tokens, period, randomTokens());
        return switch (random.nextInt(9)) {
            case 0, 1 -> limit.rates(List.of(bucket)).refill(Refill.INTERVAL).build();
            case 2, 3 ->
                limit.rates(List.of(window))
                        .algorithm(Algorithm.SLIDING_WINDOW_COUNTER)
                        .build();
            case 4, 5 ->
                limit.rates(List.of(window)).algorithm(Algorithm.FIXED_WINDOW).build();
            default -> limit.rates(List.of(bucket)).build();
        };
    }

    private BigDecimal randomTokens() {
        return BigDecimal.valueOf(THOUSANDTHS[random.nextInt(THOUSANDTHS.length)], 3);
    }

    private static String text(byte[] key) {
        return new String(key, StandardCharsets.US_ASCII);
    }
}
