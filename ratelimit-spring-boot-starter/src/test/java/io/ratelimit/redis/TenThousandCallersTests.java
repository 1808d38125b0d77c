package io.ratelimit.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.ratelimit.Charge;
import io.ratelimit.Decision;
import io.ratelimit.DecisionSource;
import io.ratelimit.Limit;
import io.ratelimit.RateLimitStore;
import io.ratelimit.memory.InMemoryRateLimitStore;
import io.ratelimit.remote.RemoteRateLimitStore;
import io.ratelimit.test.redis.RedisExtension;
import io.ratelimit.test.redis.RedisServer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Ten thousand asynchronous calls of one key at the same time. */
@ExtendWith(RedisExtension.class)
class TenThousandCallersTests {

    private static final int CALLS = 10_000;
    private static final int TOKENS = 9_000;
    /** Two rates, so that the whole script decides. */
    private static final Limit LIMIT =
            Limit.named("burst").rates(TOKENS + "/26w", 2 * TOKENS + "/52w").build();

    private static final Charge CALL = new Charge(LIMIT, "key", 1_000);
    private static final Charge PEEK = new Charge(LIMIT, "key", 0);

    private final RedisServer redis;
    private RateLimitStore store = InMemoryRateLimitStore.create();

    TenThousandCallersTests(RedisServer redis) {
        this.redis = redis;
    }

    @BeforeEach
    void flush() {
        redis.command("FLUSHALL");
    }

    @AfterEach
    void close() {
        store.close();
    }

    @Test
    void inMemoryEachIsDecidedAtOnce() {
        List<CompletableFuture<Decision>> calls = callAllAtOnce();
        assertThat(calls).allMatch(CompletableFuture::isDone);
        assertThat(admitted(answers(calls), DecisionSource.STORE)).isEqualTo(TOKENS);
    }

    @Test
    void redisDecidesAllThatItCanDecideBeforeTheirDeadline() {
        connect(Duration.ofSeconds(30));
        List<Decision> answers = answers(callAllAtOnce());
        assertThat(answers).allMatch(decision -> decision.source() == DecisionSource.STORE);
        assertThat(admitted(answers, DecisionSource.STORE)).isEqualTo(TOKENS);
    }

    @Test
    void theOthersAreAnsweredByPolicyAndNotSentAnyMore() {
        connect(Duration.ofMillis(20));
        List<Decision> answers = answers(callAllAtOnce());
        int byRedis = admitted(answers, DecisionSource.STORE);
        assertThat(answers).anyMatch(decision -> decision.source() == DecisionSource.LOCAL);
        assertThat(byRedis).isLessThanOrEqualTo(TOKENS);
        assertThat(admitted(answers, DecisionSource.LOCAL)).isLessThanOrEqualTo(TOKENS);
        assertThat(TOKENS - (int) awaitRedis().remaining())
                .as("tokens of calls that were sent in time, some of which were answered too late")
                .isBetween(byRedis, CALLS / 2);
    }

    private void connect(Duration timeout) {
        RedisRateLimitStore remote = RedisRateLimitStore.create(TestConnections.lettuce(redis), "ratelimit", timeout);
        store.close();
        store = RemoteRateLimitStore.builder(remote, InMemoryRateLimitStore.create())
                .build();
        remote.connect().toCompletableFuture().join();
        awaitRedis();
    }

    private Decision awaitRedis() {
        return await().until(() -> store.decide(PEEK), decision -> decision.source() == DecisionSource.STORE);
    }

    private List<CompletableFuture<Decision>> callAllAtOnce() {
        return IntStream.range(0, CALLS)
                .mapToObj(i -> store.decideAsync(List.of(CALL), Duration.ZERO).toCompletableFuture())
                .toList();
    }

    private static List<Decision> answers(List<CompletableFuture<Decision>> calls) {
        return calls.stream()
                .map(call -> call.orTimeout(30, TimeUnit.SECONDS).join())
                .toList();
    }

    private static int admitted(List<Decision> answers, DecisionSource source) {
        return (int) answers.stream()
                .filter(decision -> decision.source() == source && decision.admitted())
                .count();
    }
}
