package io.ratelimit.metrics;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.ratelimit.Charge;
import io.ratelimit.Decision;
import io.ratelimit.DecisionSource;
import io.ratelimit.RateLimitListener;
import io.ratelimit.RateLimiter;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The counter {@code ratelimit.decisions} of every limit, with the tags {@code limit}, {@code outcome} ({@code admitted}
 * or {@code rejected}) and {@code source} (see {@link DecisionSource}).
 *
 * <p>An admitted call counts on each of its limits, a refused one on those that refused. All eight counters of a limit
 * are there from its definition on, and read what its {@link RateLimiter} counts anyway, so that a call looks nothing
 * up. The timer {@code ratelimit.wait}, with the tag {@code limit}, records how long admitted calls waited for their
 * tokens, in a queue too; it is there from the definition of a limit on, and so is, for limits of calls at once, the
 * counter {@code ratelimit.leases.lost} of calls that lost a lease while they ran. No tag ever holds a key.
 */
final class RateLimitMetrics implements RateLimitListener {

    private static final String DECISIONS = "ratelimit.decisions";
    private static final String WAIT = "ratelimit.wait";
    private static final String LOST = "ratelimit.leases.lost";

    private final MeterRegistry registry;
    private final Map<String, Timer> waits = new ConcurrentHashMap<>();
    private final Map<String, Counter> lost = new ConcurrentHashMap<>();

    /**
     * Creates a listener, to be given to the limiters.
     *
     * @param registry where the counters of each limit are registered
     */
    RateLimitMetrics(MeterRegistry registry) {
        this.registry = registry;
    }

    @Override
    public void onDefined(RateLimiter limiter) {
        for (DecisionSource source : DecisionSource.values()) {
            register(limiter, true, source);
            register(limiter, false, source);
        }
        waits.put(
                limiter.name(),
                Timer.builder(WAIT)
                        .description("How long admitted calls waited for their tokens")
                        .tag("limit", limiter.name())
                        .register(registry));
        if (limiter.limit().isLeased()) {
            lost(limiter.name());
        }
    }

    @Override
    public void onDecision(Decision decision) {
        Duration waited = decision.maxWait().isZero() ? Duration.ZERO : decision.waited();
        if (waited.isZero()) {
            return;
        }
        String last = "";
        for (Charge charge : decision.charges()) {
            Timer timer = waits.get(charge.limit().name());
            if (timer != null && !charge.limit().name().equals(last)) {
                last = charge.limit().name();
                timer.record(waited);
            }
        }
    }

    /** Counts a call on each of its limits that leased it something: which of the leases was lost is not told. */
    @Override
    public void onLost(Decision decision) {
        decision.leases().stream()
                .map(charge -> charge.limit().name())
                .distinct()
                .filter(waits::containsKey)
                .forEach(limit -> lost(limit).increment());
    }

    @Override
    public void onRemoved(RateLimiter limiter) {
        Counter counter = lost.remove(limiter.name());
        if (counter != null) {
            registry.remove(counter);
        }
        Timer wait = waits.remove(limiter.name());
        if (wait != null) {
            registry.remove(wait);
        }
        List.copyOf(registry.find(DECISIONS).tag("limit", limiter.name()).meters())
                .forEach(registry::remove);
    }

    private Counter lost(String limit) {
        return lost.computeIfAbsent(
                limit,
                name -> Counter.builder(LOST)
                        .description("Calls that lost a lease while they ran")
                        .tag("limit", name)
                        .register(registry));
    }

    private void register(RateLimiter limiter, boolean admitted, DecisionSource source) {
        FunctionCounter.builder(DECISIONS, limiter, counted -> counted.count(admitted, source))
                .description("Calls that were decided, on each limit that admitted or refused them")
                .tag("limit", limiter.name())
                .tag("outcome", admitted ? "admitted" : "rejected")
                .tag("source", source.name().toLowerCase(Locale.ROOT))
                .register(registry);
    }
}
