package io.ratelimit.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.ratelimit.Charge;
import io.ratelimit.Decision;
import io.ratelimit.Limit;
import io.ratelimit.StoreUnavailableException;
import io.ratelimit.algorithm.Rate;
import io.ratelimit.test.DecisionLog;
import io.ratelimit.test.redis.RedisCluster;
import io.ratelimit.test.redis.RedisExtension;
import io.ratelimit.test.redis.RedisServer;
import io.ratelimit.test.redis.TcpProxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeoutException;
import java.util.function.IntFunction;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Decisions of many callers in one call of the script. */
@ExtendWith(RedisExtension.class)
class RedisBatchTests {

    private static final Duration PATIENT = Duration.ofSeconds(20);
    private static final Duration TIMEOUT = Duration.ofMillis(250);
    private static final Limit LIMIT = Limit.of("slow", "10/h");
    private static final Limit PLENTY = Limit.of("plenty", "1000/52w");

    private final RedisServer redis;
    private HeldDriver driver;
    private RedisRateLimitStore store;

    RedisBatchTests(RedisServer redis) {
        this.redis = redis;
    }

    @BeforeEach
    void start() {
        redis.command("FLUSHALL");
        store = store(RateLimitScript.packaged(), PATIENT);
        store.decide(new Charge(LIMIT, "known", 0));
        driver.calls();
    }

    @AfterEach
    void close() {
        driver.release();
        store.close();
    }

    private RedisRateLimitStore store(String lua, Duration timeout) {
        driver = new HeldDriver(LettuceScriptClient.of(TestConnections.lettuce(redis), PATIENT));
        return new RedisRateLimitStore(driver, lua, new RedisKeys("ratelimit"), timeout);
    }

    @Test
    void requestsDuringTwoCallsInFlightAreSentTogetherAtMost128AtATime() {
        driver.hold();
        List<CompletableFuture<Decision>> asked = ask(258, i -> new Charge(LIMIT, "a", 1_000));
        assertThat(driver.calls()).isEqualTo(2);
        driver.release();
        List<Decision> decisions = join(asked);
        assertThat(driver.calls()).isEqualTo(2);
        assertThat(decisions.stream().filter(Decision::admitted)).hasSize(10);
        assertThat(decisions)
                .allSatisfy(decision -> assertThat(decision.charges()).containsExactly(new Charge(LIMIT, "a", 1_000)));
        assertThat(decisions.stream()
                        .filter(Decision::admitted)
                        .mapToDouble(Decision::remaining)
                        .map(Math::floor)
                        .boxed()
                        .sorted(Comparator.reverseOrder()))
                .containsExactlyElementsOf(DoubleStream.iterate(9, left -> left - 1)
                        .limit(10)
                        .boxed()
                        .toList());
    }

    @Test
    void aLoneCallerIsSentAtOnce() {
        for (int i = 0; i < 20; i++) {
            store.decide(new Charge(PLENTY, "a", 1_000));
            assertThat(driver.calls()).isEqualTo(1);
        }
    }

    @Test
    void manyKeysAndCostsAreSentTogetherToo() {
        driver.hold();
        List<CompletableFuture<Decision>> asked = ask(130, i -> new Charge(LIMIT, "key-" + i % 50, 1_000 + i % 3));
        driver.release();
        assertThat(join(asked))
                .allSatisfy(decision -> assertThat(decision.admitted()).isTrue());
        assertThat(driver.calls()).isEqualTo(3);
        for (int i = 0; i < 50; i++) {
            long taken = 0;
            for (int call = i; call < 130; call += 50) {
                taken += 1_000 + call % 3;
            }
            assertThat(store.decide(new Charge(LIMIT, "key-" + i, 0)).remaining())
                    .isBetween((10_000 - taken) / 1000.0, (10_000 - taken) / 1000.0 + 0.1);
        }
    }

    @Test
    void aCallOfMoreChargesThanAShapeHasPlaceForLeavesTheOthersOfItsBatchTheirKeys() {
        List<Charge> many = IntStream.range(0, 300)
                .mapToObj(i -> new Charge(LIMIT, "key-" + i, 1_000))
                .toList();
        driver.hold();
        List<CompletableFuture<Decision>> asked = new ArrayList<>(ask(2, i -> new Charge(LIMIT, "ahead", 0)));
        asked.add(store.decideAsync(many, Duration.ZERO).toCompletableFuture());
        asked.addAll(ask(1, i -> new Charge(LIMIT, "a", 4_000)));
        driver.release();
        assertThat(join(asked))
                .allSatisfy(decision -> assertThat(decision.admitted()).isTrue());
        assertThat(driver.calls()).isEqualTo(3);
        assertThat(store.decide(new Charge(LIMIT, "a", 0)).remaining()).isBetween(6.0, 6.1);
        assertThat(store.decide(new Charge(LIMIT, "key-299", 0)).remaining()).isBetween(9.0, 9.1);
    }

    @Test
    void aBatchLoadsTheScriptAgainAfterAFlush() {
        driver.hold();
        List<CompletableFuture<Decision>> asked = ask(10, i -> new Charge(LIMIT, "a", 1_000));
        redis.command("SCRIPT", "FLUSH");
        driver.release();
        assertThat(join(asked))
                .allSatisfy(decision -> assertThat(decision.admitted()).isTrue());
        assertThat(store.decide(new Charge(LIMIT, "a", 1_000)).admitted()).isFalse();
    }

    @ParameterizedTest
    @CsvSource({"BROKEN on purpose, BROKEN", "in line 7 of {secret}, ERR"})
    void aFailedDecisionDoesNotFailTheOthersOfItsBatch(String error, String told) {
        String lua = RateLimitScript.packaged()
                .replace("local function load_bucket(bucket)\n", """
                    local function load_bucket(bucket)
                      if string.find(bucket.key, '{bad', 1, true) then error('%s', 0) end
                    """.formatted(error))
                .replace("if cost > capacity or value and", "if true or value and");
        store.close();
        store = store(lua, PATIENT);
        store.decide(new Charge(LIMIT, "known", 0));
        driver.hold();
        List<CompletableFuture<Decision>> asked =
                ask(60, i -> new Charge(LIMIT, (i % 4 == 3 ? "bad-" : "good-") + i % 20, 1_000));
        driver.release();
        for (int i = 0; i < asked.size(); i++) {
            CompletableFuture<Decision> decision = asked.get(i);
            if (i % 4 == 3) {
                assertThatThrownBy(decision::join)
                        .isInstanceOf(CompletionException.class)
                        .hasCauseInstanceOf(StoreUnavailableException.class)
                        .hasRootCauseMessage("Redis could not be asked: it answered " + told);
            } else {
                assertThat(decision.join().remaining()).isGreaterThanOrEqualTo(7);
            }
        }
        assertThat((List<?>) redis.command("KEYS", "*bad*")).isEmpty();
    }

    @Test
    void aDemotedMasterOlderThanVersionSevenRejectsABatchAsAWhole() {
        try (RedisServer old = RedisServer.startEmbedded();
                RedisScriptClient toOld = LettuceScriptClient.of(TestConnections.lettuce(old), PATIENT)) {
            old.command("REPLICAOF", "127.0.0.1", "1");
            long deadline = System.nanoTime() + PATIENT.toNanos();
            Charge free = new Charge(LIMIT, "a", 0);
            SlotCharges reading = SlotCharges.of(List.of(free), new RedisKeys("ratelimit"));
            ScriptRequest read = ScriptRequest.of(
                    reading.redisKeys(), reading.readArguments(CalendarWindowRange.around(0, 0)), deadline);
            List<ScriptRequest> together = List.of(read, take(deadline), read);
            RateLimitScript script = new RateLimitScript(toOld, RateLimitScript.packaged());
            assertThatThrownBy(script.run(ScriptBatch.of(together))::join).hasMessageContaining("READONLY");
            assertThat(together).noneMatch(request -> request.reply().isDone());
        }
    }

    @Test
    void aRequestWhoseDeadlinePassesInTheQueueIsNeverSent() {
        BatchingQueue queue = new BatchingQueue(new RateLimitScript(driver, RateLimitScript.packaged()), () -> false);
        driver.hold();
        long now = System.nanoTime();
        List<ScriptRequest> sent = List.of(take(now + PATIENT.toNanos()), take(now + PATIENT.toNanos()));
        List<ScriptRequest> late = List.of(take(now + 200_000_000), take(now + 100_000_000), take(now));
        sent.forEach(queue::add);
        late.forEach(queue::add);
        assertThat(late)
                .allSatisfy(request ->
                        assertThatThrownBy(request.reply()::join).hasCauseInstanceOf(TimeoutException.class));
        assertThat(sent).noneMatch(request -> request.reply().isDone());
        driver.release();
        assertThat(sent)
                .allSatisfy(
                        request -> assertThat(request.reply().join().admitted()).isTrue());
        assertThat(driver.calls()).isEqualTo(2);
        assertThat(store.decide(new Charge(LIMIT, "a", 0)).remaining()).isBetween(8.0, 8.1);
    }

    @Test
    void aRequestAfterUnansweredBatchesIsSentAtOnce() {
        BatchingQueue queue = new BatchingQueue(new RateLimitScript(driver, RateLimitScript.packaged()), () -> false);
        driver.hold();
        long now = System.nanoTime();
        List<ScriptRequest> unanswered = List.of(take(now + 100_000_000), take(now + 100_000_000));
        unanswered.forEach(queue::add);
        assertThat(unanswered)
                .allSatisfy(request ->
                        assertThatThrownBy(request.reply()::join).hasCauseInstanceOf(TimeoutException.class));
        assertThat(driver.calls()).isEqualTo(2);
        queue.add(take(now + PATIENT.toNanos()));
        assertThat(driver.calls()).isEqualTo(1);
    }

    @Test
    void waitingRequestsAreSentWhileAnsweredCallersAreStillNotified() {
        BatchingQueue queue = new BatchingQueue(new RateLimitScript(driver, RateLimitScript.packaged()), () -> false);
        long now = System.nanoTime();
        long patient = now + PATIENT.toNanos();
        driver.hold();
        queue.add(take(now + 300_000_000));
        driver.hold();
        queue.add(take(patient));
        CompletableFuture<Void> told = new CompletableFuture<>();
        List<ScriptRequest> together = List.of(take(patient), take(patient));
        together.get(1).reply().thenRun(told::join);
        together.forEach(queue::add);
        CompletableFuture.runAsync(driver::release);
        // Not by joining them: a joining thread would help to complete the futures.
        await().until(() ->
                together.stream().allMatch(request -> request.reply().isDone()));
        driver.calls();
        ScriptRequest waiting = take(patient);
        queue.add(waiting);
        try {
            await().atMost(Duration.ofSeconds(5)).until(() -> driver.calls() == 1);
        } finally {
            told.complete(null);
        }
        assertThat(waiting.reply().join().admitted()).isTrue();
    }

    private static ScriptRequest take(long deadline) {
        List<Charge> charges = List.of(new Charge(LIMIT, "a", 1_000));
        PackedCharges packed = PackedCharges.of(charges, charge -> PackedLimit.of(charge.limit()));
        return ScriptRequest.of(new RedisKeys("ratelimit"), charges, Objects.requireNonNull(packed), deadline);
    }

    @Test
    void aServerThatHungOnlyDecidesTheRequestsThatWereInFlight() {
        try (RedisServer frozen = RedisServer.start();
                RedisRateLimitStore impatient =
                        RedisRateLimitStore.create(TestConnections.lettuce(frozen), "ratelimit", TIMEOUT)) {
            impatient.connect().toCompletableFuture().join();
            await().ignoreExceptions()
                    .until(() -> impatient.decide(new Charge(PLENTY, "a", 0)).admitted());
            frozen.freeze();
            long start = System.nanoTime();
            List<CompletableFuture<Decision>> asked = ask(impatient, 1_000, i -> new Charge(PLENTY, "a", 1_000));
            assertThat(asked)
                    .allSatisfy(decision ->
                            assertThatThrownBy(decision::join).hasStackTraceContaining("no answer within 250 ms"));
            long timeouts = (System.nanoTime() - start) / TIMEOUT.toNanos();
            frozen.thaw();
            await().ignoreExceptions()
                    .until(() -> impatient.decide(new Charge(PLENTY, "a", 0)).admitted());
            assertThat(impatient.decide(new Charge(PLENTY, "a", 0)).remaining())
                    .isBetween(1_000.0 - BatchingQueue.MOST_UNDER_WAY * (timeouts + 1), 999.0);
        }
    }

    @Test
    void unansweredBatchesFreeTheirPlaceAtTheirDeadline() throws Exception {
        try (TcpProxy proxy = TcpProxy.to(redis.host(), redis.port());
                RedisRateLimitStore impatient = RedisRateLimitStore.create(
                        TestConnections.lettuce(redis.host(), proxy.port()), "ratelimit", TIMEOUT)) {
            impatient.connect().toCompletableFuture().join();
            impatient.decide(new Charge(PLENTY, "a", 0));
            proxy.dropReplies(true);
            List<CompletableFuture<Decision>> asked = ask(impatient, 10, i -> new Charge(PLENTY, "a", 1_000));
            assertThat(asked)
                    .allSatisfy(decision ->
                            assertThatThrownBy(decision::join).hasStackTraceContaining("no answer within 250 ms"));
            proxy.dropReplies(false);
            await().ignoreExceptions()
                    .until(() -> impatient.decide(new Charge(PLENTY, "a", 0)).admitted());
            assertThat(impatient.decide(new Charge(PLENTY, "a", 0)).remaining()).isBetween(990.0, 999.0);
        }
    }

    @Test
    void concurrentThreadsGetExactlyTheTokensOfTheBucket() throws Exception {
        Limit limit = Limit.of("fast", "2000/s burst 50");
        DecisionLog log = new DecisionLog();
        ExecutorService threads = Executors.newFixedThreadPool(24);
        try {
            List<Future<?>> callers = new ArrayList<>();
            long end = System.nanoTime() + 1_000_000_000;
            for (int i = 0; i < 24; i++) {
                callers.add(threads.submit(() -> {
                    for (long start = System.nanoTime(); start < end; start = System.nanoTime()) {
                        boolean admitted =
                                store.decide(new Charge(limit, "hot", 1_000)).admitted();
                        log.add(start, System.nanoTime(), 1_000, admitted);
                    }
                }));
            }
            for (Future<?> caller : callers) {
                caller.get();
            }
        } finally {
            threads.shutdownNow();
        }
        assertThat(log.check(Rate.parse("2000/s burst 50"))).isEqualTo(DecisionLog.Verdict.POSSIBLE);
        assertThat(log.admittedTokens()).isGreaterThan(50);
    }

    @Test
    @Tag("server")
    void aClusterDecidesForEachSlotTogether(RedisCluster cluster) {
        cluster.nodes().forEach(node -> node.command("FLUSHALL"));
        try (RedisRateLimitStore spread =
                RedisRateLimitStore.create(TestConnections.lettuce(cluster), "ratelimit", PATIENT)) {
            spread.decide(new Charge(LIMIT, "known", 0));
            List<CompletableFuture<Decision>> asked =
                    ask(spread, 1_000, i -> new Charge(LIMIT, i % 2 == 0 ? "hot" : "key-" + i, 1_000));
            List<Decision> decisions = join(asked);
            assertThat(IntStream.range(0, 1_000)
                            .filter(i -> i % 2 == 0 && decisions.get(i).admitted()))
                    .hasSize(10);
            assertThat(IntStream.range(0, 1_000)
                            .filter(i -> i % 2 == 1 && decisions.get(i).admitted()))
                    .hasSize(500);
        }
    }

    private List<CompletableFuture<Decision>> ask(int callers, IntFunction<Charge> charge) {
        return ask(store, callers, charge);
    }

    private static List<CompletableFuture<Decision>> ask(
            RedisRateLimitStore asked, int callers, IntFunction<Charge> charge) {
        return IntStream.range(0, callers)
                .mapToObj(i -> asked.decideAsync(List.of(charge.apply(i)), Duration.ZERO)
                        .toCompletableFuture())
                .toList();
    }

    private static List<Decision> join(List<CompletableFuture<Decision>> asked) {
        return asked.stream().map(CompletableFuture::join).toList();
    }
}
