package io.ratelimit.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.ratelimit.Charge;
import io.ratelimit.Decision;
import io.ratelimit.Limit;
import io.ratelimit.algorithm.Algorithm;
import io.ratelimit.test.redis.RedisExtension;
import io.ratelimit.test.redis.RedisServer;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

/**
 * The clock of the server is set forward and back: no token is granted twice, and no call waits longer than a bucket
 * needs to fill.
 */
@ExtendWith(RedisExtension.class)
class RedisClockTests {

    private static final Duration PERIOD = Duration.ofSeconds(100);
    private static final long TOKENS = 10;
    private static final long START = 1_800_000_000_000_000_000L;

    private final RedisServer redis;
    private final AtomicLong clock = new AtomicLong(START);
    private RedisRateLimitStore store;

    RedisClockTests(RedisServer redis) {
        this.redis = redis;
    }

    @BeforeEach
    void start() {
        store = VirtualTimeRedis.store(redis, clock::get);
        await().ignoreExceptions()
                .atMost(Duration.ofSeconds(30))
                .until(() -> store.decide(new Charge(Limit.of("any", "1/s"), "any", 0))
                        .admitted());
    }

    @AfterEach
    void close() {
        store.close();
    }

    @ParameterizedTest
    @EnumSource(mode = Mode.EXCLUDE, names = "CONCURRENCY")
    void aClockThatIsSetBackAndForthByLessThanAPeriodCreditsNothingTwice(Algorithm algorithm) {
        Limit limit = limit(algorithm);
        Duration step = PERIOD.dividedBy(2);
        int admitted = 0;
        for (int i = 0; i < 2 * TOKENS; i++) {
            admitted += take(limit) ? 1 : 0;
            advance(step.negated());
            admitted += take(limit) ? 1 : 0;
            advance(step);
        }
        assertThat(admitted).isEqualTo((int) TOKENS);
    }

    @ParameterizedTest
    @EnumSource(mode = Mode.EXCLUDE, names = "CONCURRENCY")
    void aClockThatIsSetBackDelaysNoCallLongerThanABucketNeedsToFill(Algorithm algorithm) {
        for (Duration back : new Duration[] {
            Duration.ofSeconds(1), PERIOD.dividedBy(2), PERIOD, PERIOD.multipliedBy(2), Duration.ofHours(5)
        }) {
            Limit limit = limit(algorithm);
            store.reset(limit, "key");
            assertThat(takeAll(limit)).isEqualTo(TOKENS);
            advance(back.negated());
            assertThat(takeAll(limit)).as("back by %s", back).isZero();
            Decision rejected = store.decide(new Charge(limit, "key", 1_000));
            assertThat(rejected.retryAfter().orElseThrow()).isLessThanOrEqualTo(stallAndRefill(algorithm));
            advance(stallAndRefill(algorithm));
            assertThat(takeAll(limit)).as("back by %s", back).isEqualTo(TOKENS);
        }
    }

    /** Waits as long as a bucket needs to fill: two periods for a counter, which weighs the previous window. */
    private static Duration stallAndRefill(Algorithm algorithm) {
        return PERIOD.multipliedBy(algorithm == Algorithm.SLIDING_WINDOW_COUNTER ? 4 : 2);
    }

    private int takeAll(Limit limit) {
        int admitted = 0;
        while (take(limit)) {
            admitted++;
        }
        return admitted;
    }

    private boolean take(Limit limit) {
        return store.decide(new Charge(limit, "key", 1_000)).admitted();
    }

    private void advance(Duration time) {
        clock.addAndGet(time.toNanos());
    }

    private static Limit limit(Algorithm algorithm) {
        return Limit.named("limit")
                .rates(TOKENS + "/" + PERIOD.toSeconds() + "s")
                .algorithm(algorithm)
                .build();
    }
}
