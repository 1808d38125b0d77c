package io.ratelimit.http;

import io.ratelimit.Charge;
import io.ratelimit.Decision;
import io.ratelimit.DecisionSource;
import io.ratelimit.EmptyKeyException;
import io.ratelimit.Limit;
import io.ratelimit.RateLimitExceededException;
import io.ratelimit.RateLimiter;
import io.ratelimit.RateLimiterRegistry;
import io.ratelimit.StoreFailurePolicy;
import io.ratelimit.expression.InvalidCallException;
import io.ratelimit.memory.InMemoryRateLimitStore;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionException;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.core.annotation.Order;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.bind.annotation.RestControllerAdvice;

/** An application whose calls are rejected in every way, with a fixed clock. */
@Configuration(proxyBeanMethods = false)
@EnableAutoConfiguration
@Import({
    Rejections.CatchAll.class,
    RateLimitExceptionHandler.class,
    Rejections.Calls.class,
    Rejections.OwnCalls.class,
    Rejections.OwnAnswer.class
})
class Rejections {

    static RuntimeException rejection(String kind) {
        try (RateLimiterRegistry registry =
                new RateLimiterRegistry(InMemoryRateLimitStore.create(() -> 0, 100), List.of())) {
            return switch (kind) {
                case "one-rate" -> rejection(registry.define(Limit.of("search", "10/s")), 10, 1);
                case "long-wait" -> rejection(registry.define(Limit.of("login", "5/10m")), 4.5, 2);
                case "two-rates" ->
                    rejection(registry.define(Limit.of("report", "600/1m", "2000/1h burst 1000")), 600, 2.5);
                case "odd-rates" ->
                    rejection(registry.define(Limit.of("odd", "0.5/s burst 2", "10/100ms", "3/1500ms burst 4")), 2, 1);
                case "never" -> rejection(registry.define(Limit.of("search", "10/s")), 0, 11);
                case "two-limits" -> {
                    RateLimiter user = registry.define(Limit.of("quote-user", "5/10s"));
                    RateLimiter everybody = registry.define(Limit.of("quote-all", "20/10s"));
                    user.tryAcquire("user-42", 5);
                    yield thrown(registry.tryAcquire(List.of(user.charge("user-42", 1), everybody.charge("all", 1))));
                }
                case "two-keys" -> {
                    RateLimiter search = registry.define(Limit.of("search", "10/s"));
                    search.tryAcquire("b", 10);
                    yield thrown(registry.tryAcquire(List.of(search.charge("a", 1), search.charge("b", 1))));
                }
                case "at-once" -> rejection(registry.define(atOnce(2, Duration.ofMillis(30_500))), 1.5, 1);
                case "at-once-briefly" -> rejection(registry.define(atOnce(4, Duration.ofMillis(100))), 4, 1);
                case "at-once-and-rate" -> {
                    RateLimiter exports = registry.define(atOnce(3, Duration.ofSeconds(30)));
                    RateLimiter search = registry.define(Limit.of("search", "10/s"));
                    search.tryAcquire("user-42", 10);
                    yield thrown(
                            registry.tryAcquire(List.of(exports.charge("user-42", 1), search.charge("user-42", 1))));
                }
                case "by-hand" -> new RateLimitExceededException("partner", Duration.ofMillis(1_001));
                case "store-down" -> {
                    Limit deny = Limit.named("search")
                            .rates("10/s")
                            .onStoreFailure(StoreFailurePolicy.DENY)
                            .build();
                    yield thrown(Decision.withoutStore(
                            List.of(new Charge(deny, "user-42", 1_000)), false, DecisionSource.POLICY));
                }
                case "empty-key" -> new EmptyKeyException("search");
                case "bad-cost" ->
                    new InvalidCallException(
                            "Invalid cost", "costExpression", "costExpression of a test", "a \"rule\\\n", "ä…");
                case "wrapped" -> new CompletionException(rejection("one-rate"));
                default -> new IllegalStateException("not ours");
            };
        }
    }

    private static Limit atOnce(int most, Duration lease) {
        return Limit.named("export").maxConcurrent(most, lease).build();
    }

    private static RuntimeException rejection(RateLimiter limiter, double taken, double cost) {
        limiter.tryAcquire("user-42", taken).orThrow();
        return thrown(limiter.tryAcquire("user-42", cost));
    }

    private static RuntimeException thrown(Decision decision) {
        return new RateLimitExceededException(decision);
    }

    @RestController
    static class Calls {

        @GetMapping("/plain/{kind}")
        String plain(@PathVariable String kind) {
            throw rejection(kind);
        }

        @GetMapping(path = "/csv/{kind}", produces = "text/csv")
        String csv(@PathVariable String kind) {
            throw rejection(kind);
        }
    }

    /** An advice that many applications have, and that must not swallow rejections. */
    @RestControllerAdvice
    static class CatchAll {

        @ExceptionHandler
        ResponseEntity<String> handle(Exception ex) {
            return ResponseEntity.internalServerError()
                    .contentType(MediaType.TEXT_PLAIN)
                    .body("caught all");
        }
    }

    @RestController
    static class OwnCalls {

        @GetMapping("/own/{kind}")
        String own(@PathVariable String kind) {
            throw rejection(kind);
        }
    }

    @Order(-1)
    @RestControllerAdvice(assignableTypes = OwnCalls.class)
    static class OwnAnswer {

        @ExceptionHandler
        ResponseEntity<String> handle(RateLimitExceededException ex) {
            return ResponseEntity.status(420).body(ex.getLimit());
        }
    }
}
