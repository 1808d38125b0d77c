package io.ratelimit.metrics;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.ratelimit.Charge;
import io.ratelimit.Decision;
import io.ratelimit.DecisionSource;
import io.ratelimit.Limit;
import io.ratelimit.RateLimitListener;
import io.ratelimit.RateLimiterRegistry;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Registers the meters of every limit:
 *
 * <ul>
 *   <li>The counter {@code ratelimit.decisions}, with the tags {@code limit}, {@code outcome} ({@code admitted} or
 *       {@code rejected}) and {@code source} (see {@link DecisionSource}). An admitted call counts on each of its
 *       limits, a rejected one on those that rejected it. All eight counters of a limit are registered when it is
 *       defined. They read the counts of the registry, so a call does not look them up.
 *   <li>The timer {@code ratelimit.wait}, with the tag {@code limit}: how long admitted calls waited for tokens or
 *       leases.
 *   <li>The counter {@code ratelimit.leases.lost}, with the tag {@code limit}: calls that lost a lease while they ran.
 *       Only for limits of concurrent calls.
 * </ul>
 *
 * <p>No tag ever holds a key.
 */
final class RateLimitMetrics implements RateLimitListener {

    private static final String DECISIONS = "ratelimit.decisions";
    private static final String WAIT = "ratelimit.wait";
    private static final String LOST = "ratelimit.leases.lost";

    private final LimitMeters meters;
    private final Supplier<RateLimiterRegistry> registry;
    private final Map<String, Timer> waits = new ConcurrentHashMap<>();
    private final Map<String, Counter> lost = new ConcurrentHashMap<>();

    /**
     * Creates a listener, to be passed to the registry.
     *
     * @param meters the registry of the meters; its decision counters reference parts of this listener weakly
     * @param registry the registry that counts the decisions; asked each time that a counter is read
     */
    RateLimitMetrics(MeterRegistry meters, Supplier<RateLimiterRegistry> registry) {
        this.meters = new LimitMeters(meters);
        this.registry = registry;
    }

    @Override
    public void onDefined(Limit limit) {
        String name = limit.name();
        for (DecisionSource source : DecisionSource.values()) {
            registerCounter(name, true, source);
            registerCounter(name, false, source);
        }
        waits.put(
                name,
                meters.register(
                        name,
                        Timer.builder(WAIT)
                                .description("How long admitted calls waited for their tokens")
                                .tag("limit", name)::register));
        onReplaced(limit);
    }

    @Override
    public void onReplaced(Limit limit) {
        if (limit.isLeased()) {
            lost.computeIfAbsent(
                    limit.name(),
                    name -> meters.register(
                            name,
                            Counter.builder(LOST)
                                    .description("Calls that lost a lease while they ran")
                                    .tag("limit", name)::register));
        }
    }

    @Override
    public void onDecision(Decision decision) {
        Duration waited = decision.maxWait().isZero() ? Duration.ZERO : decision.waited();
        if (waited.isZero()) {
            return;
        }
        List<Charge> charges = decision.charges();
        if (charges.size() == 1) {
            record(waits.get(charges.get(0).limit().name()), waited);
        } else {
            charges.stream()
                    .map(charge -> waits.get(charge.limit().name()))
                    .distinct()
                    .forEach(timer -> record(timer, waited));
        }
    }

    private static void record(@Nullable Timer timer, Duration waited) {
        if (timer != null) {
            timer.record(waited);
        }
    }

    /**
     * Counts the call on each limit that it holds a lease of, because the decision does not tell which lease was lost.
     */
    @Override
    public void onLost(Decision decision) {
        decision.leases().stream()
                .map(charge -> lost.get(charge.limit().name()))
                .filter(Objects::nonNull)
                .distinct()
                .forEach(Counter::increment);
    }

    @Override
    public void onRemoved(Limit limit) {
        lost.remove(limit.name());
        waits.remove(limit.name());
        meters.remove(limit.name());
    }

    private void registerCounter(String limit, boolean admitted, DecisionSource source) {
        LimitSum sum = LimitSum.ofCounts(name -> count(name, admitted, source));
        meters.registerSum(
                limit,
                sum,
                FunctionCounter.builder(DECISIONS, sum, LimitSum::value)
                        .description("Calls that were decided, on each limit that admitted or rejected them")
                        .tag("limit", limit)
                        .tag("outcome", admitted ? "admitted" : "rejected")
                        .tag("source", source.name().toLowerCase(Locale.ROOT))::register);
    }

    private long count(String limit, boolean admitted, DecisionSource source) {
        return registry.get()
                .find(limit)
                .map(limiter -> limiter.count(admitted, source))
                .orElse(0L);
    }
}
