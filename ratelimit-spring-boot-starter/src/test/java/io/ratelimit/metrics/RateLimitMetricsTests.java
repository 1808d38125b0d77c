package io.ratelimit.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.config.MeterFilter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.ratelimit.Charge;
import io.ratelimit.Limit;
import io.ratelimit.Permit;
import io.ratelimit.RateLimiter;
import io.ratelimit.RateLimiterRegistry;
import io.ratelimit.StoreFailurePolicy;
import io.ratelimit.memory.InMemoryRateLimitStore;
import io.ratelimit.remote.RemoteRateLimitStore;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class RateLimitMetricsTests {

    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
    private final UnreliableStore remote = new UnreliableStore();
    private final RateLimiterRegistry limiters = new RateLimiterRegistry(
            RemoteRateLimitStore.builder(remote, InMemoryRateLimitStore.create(() -> 0, 100))
                    .denialCache(false)
                    .build(),
            List.of(new RateLimitMetrics(registry, this::limiters)));

    @AfterEach
    void close() {
        limiters.close();
    }

    @Test
    void callsAreCountedByLimitOutcomeAndSource() {
        RateLimiter search = limiters.define(Limit.of("search", "2/s"));
        limiters.define(Limit.of("other", "2/s"));

        for (int i = 0; i < 5; i++) {
            search.tryAcquire("user-42");
        }

        assertThat(count("search", "admitted", "store")).isEqualTo(2);
        assertThat(count("search", "rejected", "store")).isEqualTo(3);
        assertThat(count("other", "admitted", "store")).isZero();
    }

    @Test
    void waitsAreTimedOnEachLimitThatWaited() {
        RateLimiter quick = limiters.define(Limit.of("quick", "50/s burst 1"));
        RateLimiter wide = limiters.define(Limit.of("wide", "1000/s"));
        assertThat(registry.get("ratelimit.wait").tag("limit", "quick").timer().count())
                .isZero();

        quick.acquire("user-42", 1, Duration.ofSeconds(5));
        limiters.acquire(List.of(quick.charge("user-42", 1), wide.charge("user-42", 1)), Duration.ofSeconds(5));
        quick.tryAcquire("user-42");

        for (String limit : List.of("quick", "wide")) {
            Timer wait = registry.get("ratelimit.wait").tag("limit", limit).timer();
            assertThat(wait.count()).isEqualTo(1);
            assertThat(wait.totalTime(TimeUnit.MILLISECONDS)).isEqualTo(20);
        }
        limiters.remove("quick");
        assertThat(registry.find("ratelimit.wait").tag("limit", "quick").timer())
                .isNull();
    }

    @Test
    void aWaitInAQueueIsTimedFromTheStartOfTheCall() {
        RateLimiter export = limiters.define(Limit.named("export")
                .maxConcurrent(1, Duration.ofSeconds(30))
                .maxWait(Duration.ofMinutes(1))
                .build());
        Permit first = export.hold("user-42");
        CompletableFuture<Permit> second = export.holdAsync("user-42");
        long start = System.nanoTime();
        while (System.nanoTime() - start < TimeUnit.MILLISECONDS.toNanos(20)) {
            Thread.onSpinWait();
        }
        first.close();

        assertThat(second).succeedsWithin(Duration.ofSeconds(20));
        Timer wait = registry.get("ratelimit.wait").tag("limit", "export").timer();
        assertThat(wait.count()).isEqualTo(1);
        assertThat(wait.totalTime(TimeUnit.MILLISECONDS)).isGreaterThanOrEqualTo(20);
    }

    @Test
    void aLostLeaseIsCountedOnItsLimit() {
        RateLimiter export = limiters.define(
                Limit.named("export").maxConcurrent(2, Duration.ofMillis(100)).build());
        limiters.define(Limit.of("search", "2/s"));
        Counter lost =
                registry.get("ratelimit.leases.lost").tag("limit", "export").counter();
        assertThat(lost.count()).isZero();
        assertThat(registry.find("ratelimit.leases.lost").counters()).hasSize(1);
        Permit kept = export.hold("user-43");
        Permit held = export.hold("user-42");

        export.reset("user-42");

        await().untilAsserted(() -> assertThat(lost.count()).isEqualTo(1));
        assertThat(held.isLost()).isTrue();
        assertThat(kept.isLost()).isFalse();
        limiters.remove("export");
        assertThat(registry.find("ratelimit.leases.lost").counters()).isEmpty();
    }

    @Test
    void callsThatTheStoreDidNotDecideAreCountedUnderTheirOwnSource() {
        RateLimiter local = limiters.define(Limit.of("local", "1/s"));
        RateLimiter deny = limiters.define(Limit.named("deny")
                .rates("1/s")
                .onStoreFailure(StoreFailurePolicy.DENY)
                .build());
        remote.fail();

        local.tryAcquire("user-42");
        local.tryAcquire("user-42");
        deny.tryAcquire("user-42");

        assertThat(count("local", "admitted", "local")).isEqualTo(1);
        assertThat(count("local", "rejected", "local")).isEqualTo(1);
        assertThat(count("deny", "rejected", "policy")).isEqualTo(1);
        assertThat(count("deny", "rejected", "store")).isZero();
    }

    @Test
    void aRejectedCallOfSeveralLimitsIsCountedOnThoseThatRejectedIt() {
        RateLimiter user = limiters.define(Limit.of("user", "1/s"));
        RateLimiter everybody = limiters.define(Limit.of("everybody", "9/s"));
        List<Charge> charges = List.of(user.charge("user-42", 1), everybody.charge("all", 1));

        limiters.tryAcquire(charges);
        limiters.tryAcquire(charges);

        assertThat(count("user", "admitted", "store")).isEqualTo(1);
        assertThat(count("everybody", "admitted", "store")).isEqualTo(1);
        assertThat(count("user", "rejected", "store")).isEqualTo(1);
        assertThat(count("everybody", "rejected", "store")).isZero();
    }

    @Test
    void allCountersOfALimitAreRegisteredBeforeItsFirstCall() {
        limiters.define(Limit.of("search", "2/s"));

        assertThat(registry.find("ratelimit.decisions").tag("limit", "search").functionCounters())
                .hasSize(8)
                .allSatisfy(counter -> assertThat(counter.count()).isZero());
        assertThat(registry.find("ratelimit.decisions").functionCounters())
                .extracting(counter -> counter.getId().getTag("outcome") + " by "
                        + counter.getId().getTag("source"))
                .containsExactlyInAnyOrder(
                        "admitted by store",
                        "admitted by local",
                        "admitted by policy",
                        "admitted by disabled",
                        "rejected by store",
                        "rejected by local",
                        "rejected by policy",
                        "rejected by disabled");
    }

    @Test
    void theCountersOfALimitAreRemovedWithIt() {
        limiters.define(Limit.of("search", "2/s"));
        limiters.define(Limit.of("other", "2/s"));

        limiters.remove("search");

        assertThat(registry.find("ratelimit.decisions").tag("limit", "search").meters())
                .isEmpty();
        assertThat(registry.find("ratelimit.decisions").tag("limit", "other").meters())
                .hasSize(8);
    }

    @Test
    void theCountsOfALimitThatIsDefinedAgainStartFromZero() {
        limiters.define(Limit.of("search", "2/s")).tryAcquire("user-42");
        limiters.remove("search");

        limiters.define(Limit.of("search", "2/s"));

        assertThat(count("search", "admitted", "store")).isZero();
    }

    @Test
    void aReplacedLimitKeepsItsCounts() {
        RateLimiter search = limiters.define(Limit.of("search", "2/s"));
        search.tryAcquire("user-42");

        limiters.replace(Limit.of("search", "3/s"));
        search.tryAcquire("user-42");

        assertThat(count("search", "admitted", "store")).isEqualTo(2);
    }

    @Test
    void aLimitThatIsReplacedByOneOfConcurrentCallsGetsTheMeterOfLostLeases() {
        RateLimiter export = limiters.define(Limit.of("export", "2/s"));
        assertThat(registry.find("ratelimit.leases.lost").counters()).isEmpty();

        limiters.replace(
                Limit.named("export").maxConcurrent(2, Duration.ofMillis(100)).build());

        Counter lost =
                registry.get("ratelimit.leases.lost").tag("limit", "export").counter();
        Permit held = export.hold("user-42");
        export.reset("user-42");
        await().untilAsserted(() -> assertThat(lost.count()).isEqualTo(1));
        assertThat(held.isLost()).isTrue();
        limiters.remove("export");
        assertThat(registry.getMeters()).isEmpty();
    }

    @Test
    void metersThatAFilterRenamesAreRemovedWithTheirLimit() {
        registry.config().meterFilter(new MeterFilter() {
            @Override
            public Meter.Id map(Meter.Id id) {
                return id.withName("app." + id.getName())
                        .replaceTags(List.of(Tag.of("name", String.valueOf(id.getTag("limit")))));
            }
        });
        registry.config().commonTags("region", "north");

        for (int i = 0; i < 1_000; i++) {
            limiters.define(Limit.of("tenant-" + i, "2/s")).tryAcquire("user-42");
            limiters.remove("tenant-" + i);
        }

        assertThat(registry.getMeters()).isEmpty();
    }

    @Test
    void aFilterThatMakesTheMetersOfAllLimitsOneLeavesTheirSum() {
        registry.config().meterFilter(MeterFilter.ignoreTags("limit"));
        RateLimiter search = limiters.define(Limit.of("search", "2/s"));
        RateLimiter other = limiters.define(Limit.of("other", "5/s"));
        search.tryAcquire("user-42", 2);
        other.tryAcquire("user-42");
        other.tryAcquire("user-42");

        assertThat(counted()).isEqualTo(3);
        limiters.remove("search");
        other.tryAcquire("user-42");
        assertThat(counted()).isEqualTo(4);
        assertThat(registry.getMeters()).hasSize(9);

        limiters.remove("other");
        assertThat(registry.getMeters()).isEmpty();
    }

    @Test
    void metersThatAFilterDeniesAreNotThere() {
        registry.config().meterFilter(MeterFilter.denyNameStartsWith("ratelimit"));

        limiters.define(Limit.of("search", "2/s")).tryAcquire("user-42");
        limiters.define(Limit.of("other", "2/s")).tryAcquire("user-42");
        limiters.remove("search");

        assertThat(registry.getMeters()).isEmpty();
    }

    @Test
    void noTagHoldsAKey() {
        RateLimiter search = limiters.define(Limit.of("search", "1/s"));

        search.tryAcquire("user-42");
        search.tryAcquire("user-42");

        assertThat(registry.getMeters())
                .extracting(Meter::getId)
                .allSatisfy(id -> assertThat(id.toString()).doesNotContain("user-42"));
    }

    @Test
    void aMemoryStoreHasMetersOfItsKeysAndEvictions() {
        InMemoryRateLimitStore store = InMemoryRateLimitStore.create(() -> 0, 2);
        new MemoryStoreMetrics(store).bindTo(registry);
        Limit limit = Limit.of("search", "2/s");

        store.decide(new Charge(limit, "a", 2_000));
        store.decide(new Charge(limit, "b", 1_000));
        assertThat(registry.get("ratelimit.keys").gauge().value()).isEqualTo(2);

        store.decide(new Charge(limit, "c", 2_000));
        store.decide(new Charge(limit, "d", 2_000));

        FunctionCounter evictions = registry.get("ratelimit.evictions").functionCounter();
        FunctionCounter overflows = registry.get("ratelimit.overflows").functionCounter();
        assertThat(evictions.count()).isEqualTo(store.evictions()).isEqualTo(1);
        assertThat(overflows.count()).isEqualTo(store.overflows()).isPositive();
        store.close();
    }

    private RateLimiterRegistry limiters() {
        return limiters;
    }

    private double counted() {
        return registry.get("ratelimit.decisions")
                .tags("outcome", "admitted", "source", "store")
                .functionCounter()
                .count();
    }

    private double count(String limit, String outcome, String source) {
        return registry.get("ratelimit.decisions")
                .tags("limit", limit, "outcome", outcome, "source", source)
                .functionCounter()
                .count();
    }
}
