package io.ratelimit.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.ratelimit.Charge;
import io.ratelimit.Decision;
import io.ratelimit.Limit;
import io.ratelimit.Permit;
import io.ratelimit.RateLimitExceededException;
import io.ratelimit.RateLimitListener;
import io.ratelimit.RateLimiter;
import io.ratelimit.RateLimiterRegistry;
import io.ratelimit.test.redis.RedisServer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.data.redis.connection.RedisStandaloneConfiguration;
import org.springframework.data.redis.connection.jedis.JedisConnectionFactory;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;

/** Calls on several nodes that run at the same time, on one server. */
@Tag("slow")
class RedisLeaseTests {

    private static final Duration PATIENT = Duration.ofSeconds(5);
    private static final Duration LONG = Duration.ofMinutes(1);
    private static final Limit ONE = Limit.named("export")
            .maxConcurrent(1, Duration.ofSeconds(30))
            .maxWait(LONG)
            .build();
    private static final Limit SHORT = Limit.named("export")
            .maxConcurrent(1, Duration.ofSeconds(3))
            .maxWait(LONG)
            .build();

    private final RedisServer redis = RedisServer.start();
    private final List<AutoCloseable> nodes = new CopyOnWriteArrayList<>();

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable node : nodes) {
            node.close();
        }
        redis.close();
    }

    @Test
    void waitersOfAnotherNodeAreWokenInOrderLongBeforeTheyWouldAsk() throws Exception {
        RateLimiterRegistry first = node();
        RateLimiterRegistry second = node();
        awaitWakeUps(first, second);
        wakesInOrder(first.get("export"), second.get("export"));
    }

    @Test
    void theFirstCallThatQueuesIsAnsweredWhenItsStoreIsSubscribedToFreeLeases() {
        store(TestConnections.lettuce(redis)).decide(List.of(new Charge(ONE, "key", 1000)), Duration.ZERO);
        long stores = 0;
        for (RedisConnectionFactory connections : List.of(TestConnections.lettuce(redis), jedis())) {
            RedisRateLimitStore store = store(connections);
            store.onLeaseReady(lease -> {});
            Decision first = store.decide(List.of(new Charge(ONE, "key", 1000)), LONG);
            assertThat(first.isQueued()).isTrue();
            assertThat(redis.command("PUBSUB", "NUMSUB", "ratelimit:ready"))
                    .isEqualTo(List.of("ratelimit:ready", ++stores));
        }
    }

    @Test
    void waitersOnJedisAreWokenToo() throws Exception {
        RateLimiterRegistry first = node();
        RateLimiterRegistry second = node(jedis());
        awaitWakeUps(first, second);
        wakesInOrder(first.get("export"), second.get("export"));
    }

    private void wakesInOrder(RateLimiter first, RateLimiter second) throws Exception {
        Permit running = first.hold("key");
        List<Integer> order = Collections.synchronizedList(new ArrayList<>());
        List<CompletableFuture<Permit>> waiters = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            int number = i;
            CompletableFuture<Permit> waiter = second.holdAsync("key");
            waiters.add(waiter);
            waiter.thenRun(() -> order.add(number));
            await().until(() -> queued() == number + 1);
        }
        long before = scripts();
        List<Long> millis = new ArrayList<>();
        for (CompletableFuture<Permit> waiter : waiters) {
            long released = System.nanoTime();
            running.close();
            running = waiter.get(10, TimeUnit.SECONDS);
            millis.add((System.nanoTime() - released) / 1_000_000);
        }
        running.close();
        assertThat(order).containsExactly(0, 1, 2, 3, 4, 5, 6, 7, 8, 9);
        assertThat(millis.stream().sorted().toList().get(5)).isLessThan(100);
        assertThat(scripts() - before).isLessThanOrEqualTo(3 * waiters.size());
    }

    @Test
    void aWaiterIsAdmittedInTimeWhenItsConnectionForWakeUpsIsLostAndWokenAgainLater() throws Exception {
        RateLimiterRegistry first = node();
        RateLimiterRegistry second = node();
        awaitWakeUps(first, second);
        Permit running = first.get("export").hold("key");
        CompletableFuture<Permit> waiter = second.get("export").holdAsync("key");
        await().until(() -> queued() == 1);
        redis.command("CLIENT", "KILL", "TYPE", "pubsub");
        running.close();
        waiter.get(2, TimeUnit.SECONDS).close();
        awaitWakeUps(first, second);
    }

    @Test
    void withoutPermissionForTheChannelACallWaitsAtMostUntilItPolls() throws Exception {
        redis.command("ACL", "SETUSER", "limited", "on", ">secret", "~*", "+@all", "resetchannels");
        RateLimiter first = node(limited()).get("export");
        RateLimiter second = node(limited()).get("export");
        Permit running = first.hold("key");
        CompletableFuture<Permit> waiter = second.holdAsync("key");
        await().until(() -> queued() == 1);
        running.close();
        waiter.get(2, TimeUnit.SECONDS).close();
        assertThat(redis.command("PUBSUB", "CHANNELS", "*")).isEqualTo(List.of());
    }

    @Test
    void anInvalidMessageOnTheChannelIsIgnored() throws Exception {
        RateLimiterRegistry first = node();
        RateLimiterRegistry second = node();
        awaitWakeUps(first, second);
        for (String message : List.of("", " ", "x", "7 x", "99999999999999999999", "-1", "7 7")) {
            redis.command("PUBLISH", "ratelimit:ready", message);
        }
        wakesInOrder(first.get("export"), second.get("export"));
    }

    @Test
    void leasesOfADeadNodeAreFreeAfterTheLeaseTime() throws Exception {
        RedisRateLimitStore dying = store(TestConnections.lettuce(redis));
        registry(dying).replace(SHORT).hold("key");
        RateLimiter other = node().replace(SHORT);
        CompletableFuture<Permit> waiter = other.holdAsync("key");
        await().until(() -> queued() == 1);
        dying.close();
        long start = System.nanoTime();
        waiter.get(10, TimeUnit.SECONDS).close();
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(5));
    }

    @Test
    void aWaitingCallOfADeadNodeLeavesTheQueue() throws Exception {
        Permit running = node().replace(SHORT).hold("key");
        RedisRateLimitStore dying = store(TestConnections.lettuce(redis));
        CompletableFuture<Permit> dead = registry(dying).replace(SHORT).holdAsync("key");
        await().until(() -> queued() == 1);
        CompletableFuture<Permit> alive = node().replace(SHORT).holdAsync("key");
        await().until(() -> queued() == 2);
        dying.close();
        running.close();
        alive.get(5, TimeUnit.SECONDS).close();
        assertThat(dead.isDone() && !dead.isCompletedExceptionally()).isFalse();
    }

    @Test
    void aLeaseIsRenewedWhileItsCallRunsAndReportedAsLostAfterAReset() {
        List<Decision> lost = new CopyOnWriteArrayList<>();
        RedisRateLimitStore store = store(TestConnections.lettuce(redis));
        RateLimiterRegistry registry = new RateLimiterRegistry(store, List.of(new RateLimitListener() {
            @Override
            public void onLost(Decision decision) {
                lost.add(decision);
            }
        }));
        nodes.add(0, registry);
        Permit permit = registry.define(SHORT).hold("key");
        RateLimiter other = node().replace(SHORT);
        await().during(Duration.ofMillis(4_500))
                .atMost(Duration.ofSeconds(10))
                .until(() -> !permit.isLost() && !other.tryAcquire("key").admitted());
        store.reset(SHORT, "key");
        await().atMost(Duration.ofSeconds(5)).until(permit::isLost);
        await().atMost(Duration.ofSeconds(5))
                .untilAsserted(() -> assertThat(lost).containsExactly(permit.decision()));
    }

    @Test
    void aLeaseThatIsReleasedTwiceIsReleasedOnce() {
        Limit two = Limit.named("two")
                .maxConcurrent(2, Duration.ofSeconds(30))
                .maxWait(LONG)
                .build();
        RateLimiterRegistry registry = node();
        RateLimiter limiter = registry.define(two);
        Permit first = limiter.hold("key");
        Permit second = limiter.hold("key");
        first.close();
        first.close();
        registry.release(first.decision()).toCompletableFuture().join();
        await().until(() -> redis.command("DBSIZE").equals(1L));
        Permit third = limiter.hold("key");
        assertThat(limiter.tryAcquire("key").admitted()).isFalse();
        second.close();
        third.close();
        await().until(() -> redis.command("DBSIZE").equals(0L));
    }

    @Test
    void theNumberOfConcurrentCallsNeverExceedsTheLimitHoweverTheyEnd() throws Exception {
        Limit three = Limit.named("three")
                .maxConcurrent(3, Duration.ofSeconds(30))
                .maxWait(LONG)
                .build();
        List<RateLimiterRegistry> registry = List.of(node(), node());
        registry.forEach(each -> each.define(three));
        AtomicInteger running = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        CountDownLatch threeTogether = new CountDownLatch(3);
        ExecutorService threads = Executors.newFixedThreadPool(8);
        List<Future<?>> all = new ArrayList<>();
        for (int thread = 0; thread < 8; thread++) {
            Random random = new Random(thread);
            RateLimiterRegistry each = registry.get(thread % 2);
            all.add(threads.submit(() -> {
                for (int i = 0; i < 250; i++) {
                    holdSomehow(each, new Charge(three, "key", 1_000), random, running, most, threeTogether);
                }
            }));
        }
        for (Future<?> each : all) {
            each.get(2, TimeUnit.MINUTES);
        }
        threads.shutdown();
        assertThat(most.get()).isEqualTo(3);
        await().until(() -> redis.command("DBSIZE").equals(0L));
    }

    private static void awaitOpen(CountDownLatch latch) {
        try {
            assertThat(latch.await(30, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException ex) {
            throw new IllegalStateException(ex);
        }
    }

    private static void holdSomehow(
            RateLimiterRegistry registry,
            Charge charge,
            Random random,
            AtomicInteger running,
            AtomicInteger most,
            CountDownLatch threeTogether) {
        CompletableFuture<Permit> call =
                registry.holdAsync(List.of(charge), random.nextInt(4) == 0 ? Duration.ofMillis(2) : LONG);
        if (random.nextInt(5) == 0 && call.cancel(true)) {
            return;
        }
        try {
            Permit permit = call.join();
            int now = running.incrementAndGet();
            most.accumulateAndGet(now, Math::max);
            // The first calls wait for each other, so that three run at the same time however fast they are.
            threeTogether.countDown();
            awaitOpen(threeTogether);
            if (random.nextInt(3) == 0) {
                Thread.yield();
            }
            running.decrementAndGet();
            for (int times = random.nextInt(2); times >= 0; times--) {
                permit.close();
            }
        } catch (RuntimeException ex) {
            assertThat(ex).hasRootCauseInstanceOf(RateLimitExceededException.class);
        }
    }

    @Test
    void closingAStoreThatListensLeavesNoThread() throws Exception {
        for (RedisConnectionFactory connections : List.of(TestConnections.lettuce(redis), jedis())) {
            Set<Thread> before = Thread.getAllStackTraces().keySet();
            RedisRateLimitStore store = store(connections);
            store.onLeaseReady(lease -> {});
            await().until(() ->
                    redis.command("PUBSUB", "NUMSUB", "ratelimit:ready").equals(List.of("ratelimit:ready", 1L)));
            long start = System.nanoTime();
            store.close();
            assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(2));
            await().until(() -> Thread.getAllStackTraces().keySet().stream()
                    .noneMatch(thread ->
                            !before.contains(thread) && thread.getName().equals("ratelimit-redis-ready")));
            await().until(() ->
                    redis.command("PUBSUB", "NUMSUB", "ratelimit:ready").equals(List.of("ratelimit:ready", 0L)));
        }
    }

    @Test
    void aServerThatIsDownWhenTheStoreBeginsToListenIsFoundOnceItIsUpAndClosingDoesNotWaitForIt() {
        redis.kill();
        RateLimiterRegistry node = node();
        long start = System.nanoTime();
        RedisRateLimitStore store = store(TestConnections.lettuce(redis));
        store.onLeaseReady(lease -> {});
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(1));
        store.close();
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(3));
        redis.restart();
        awaitWakeUps(node, node());
    }

    /** The first wait of a node subscribes it, in the background. */
    private void awaitWakeUps(RateLimiterRegistry... registry) {
        for (RateLimiterRegistry each : registry) {
            RateLimiter other = each.get("export");
            await().ignoreExceptions()
                    .untilAsserted(() -> other.holdAsync("other").get().close());
        }
        await().atMost(Duration.ofSeconds(20))
                .until(() -> redis.command("PUBSUB", "NUMSUB", "ratelimit:ready")
                        .equals(List.of("ratelimit:ready", (long) registry.length)));
    }

    private RateLimiterRegistry node() {
        return node(TestConnections.lettuce(redis));
    }

    private RateLimiterRegistry node(RedisConnectionFactory connections) {
        return registry(store(connections));
    }

    private RateLimiterRegistry registry(RedisRateLimitStore store) {
        RateLimiterRegistry registry = new RateLimiterRegistry(store, List.of());
        registry.define(ONE);
        nodes.add(0, registry);
        return registry;
    }

    private RedisRateLimitStore store(RedisConnectionFactory connections) {
        RedisRateLimitStore store = RedisRateLimitStore.create(connections, "ratelimit", PATIENT);
        nodes.add(store);
        return store;
    }

    private JedisConnectionFactory jedis() {
        JedisConnectionFactory factory = TestConnections.jedis(redis);
        nodes.add(factory::destroy);
        return factory;
    }

    private LettuceConnectionFactory limited() {
        RedisStandaloneConfiguration server = new RedisStandaloneConfiguration(redis.host(), redis.port());
        server.setUsername("limited");
        server.setPassword("secret");
        return new LettuceConnectionFactory(server);
    }

    /** How many wait in the queue of the one key that there is. */
    private long queued() {
        return (long) redis.command("EVAL", """
                local value = redis.call('GET', KEYS[1])
                local parts, queued = value and cmsgpack.unpack(value) or {}, 0
                for i = 8, #parts, 3 do queued = queued + (parts[i] < 0 and 1 or 0) end
                return queued
                """, "1", "ratelimit:{key}:export");
    }

    /** Calls of the store's script so far, other than {@link #queued()}. */
    private long scripts() {
        String stats = String.valueOf(redis.command("INFO", "commandstats"));
        return Long.parseLong(stats.replaceFirst("(?s).*cmdstat_evalsha:calls=(\\d+).*", "$1"));
    }
}
