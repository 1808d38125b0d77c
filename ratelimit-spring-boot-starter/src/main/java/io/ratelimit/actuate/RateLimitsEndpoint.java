package io.ratelimit.actuate;

import io.ratelimit.Charge;
import io.ratelimit.RateLimiter;
import io.ratelimit.RateLimiterRegistry;
import io.ratelimit.StoreUnavailableException;
import io.ratelimit.UnknownLimitException;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.springframework.aot.hint.annotation.RegisterReflectionForBinding;
import org.springframework.boot.actuate.endpoint.annotation.DeleteOperation;
import org.springframework.boot.actuate.endpoint.annotation.Endpoint;
import org.springframework.boot.actuate.endpoint.annotation.ReadOperation;
import org.springframework.boot.actuate.endpoint.annotation.Selector;
import org.springframework.boot.actuate.endpoint.web.WebEndpointResponse;
import org.springframework.util.MimeType;

/**
 * The actuator endpoint {@code ratelimits}.
 *
 * <ul>
 *   <li>{@code GET /ratelimits}: the store, every limit with its totals and the methods that name it, and the methods
 *       that compute their limit for each call.
 *   <li>{@code GET /ratelimits/search}: the limit {@code search}, and the status of the bucket for calls without a key.
 *   <li>{@code GET /ratelimits/search/user-42}: the status of the bucket of one key. Nothing is consumed.
 *   <li>{@code DELETE /ratelimits/search/user-42}, or without a key for the shared bucket: resets the bucket to full.
 * </ul>
 *
 * <p>A key with a slash is passed as a query parameter, {@code /ratelimits/search?key=a%2Fb}, because servers reject an
 * encoded slash in a path. An unknown limit is answered with 404, and a store that cannot be asked with 503, both with
 * problem details.
 *
 * <p>Everyone with access to the endpoint may reset buckets, as with Spring Boot's {@code caches}, unless
 * {@code management.endpoint.ratelimits.access} is {@code read-only}.
 */
@Endpoint(id = "ratelimits")
@RegisterReflectionForBinding({RateLimitsEndpoint.LimitStatus.class, KeyStatus.class, RateLimitsEndpoint.Problem.class})
public final class RateLimitsEndpoint {

    private final RateLimiterRegistry registry;
    private final Function<String, ? extends Collection<String>> methods;
    private final Supplier<? extends Collection<String>> choosing;

    /**
     * Creates the endpoint.
     *
     * @param registry the registry of the limits
     * @param methods returns the methods that name a limit
     * @param choosing returns the methods that compute their limit for each call
     */
    RateLimitsEndpoint(
            RateLimiterRegistry registry,
            Function<String, ? extends Collection<String>> methods,
            Supplier<? extends Collection<String>> choosing) {
        this.registry = registry;
        this.methods = methods;
        this.choosing = choosing;
    }

    @ReadOperation
    Overview limits() {
        List<LimitDescription> limits = registry.all().stream()
                .flatMap(limiter -> description(limiter).stream())
                .sorted(Comparator.comparing(LimitDescription::name))
                .toList();
        return new Overview(StoreDescription.of(registry), limits, List.copyOf(choosing.get()));
    }

    @ReadOperation
    WebEndpointResponse<Object> limit(@Selector String limit, @Nullable String key) {
        return answer(
                limit,
                limiter -> new LimitStatus(
                        LimitDescription.of(limiter, registry.store(), methods), KeyStatus.of(limiter, orShared(key))));
    }

    @ReadOperation
    WebEndpointResponse<Object> level(@Selector String limit, @Selector String key) {
        return answer(limit, limiter -> KeyStatus.of(limiter, key));
    }

    @DeleteOperation
    WebEndpointResponse<Object> resetShared(@Selector String limit, @Nullable String key) {
        return reset(limit, orShared(key));
    }

    @DeleteOperation
    WebEndpointResponse<Object> reset(@Selector String limit, @Selector String key) {
        return answer(limit, limiter -> {
            limiter.reset(key);
            return null;
        });
    }

    /** Describes a limiter; empty if its limit was removed in the meantime. */
    private Optional<LimitDescription> description(RateLimiter limiter) {
        try {
            return Optional.of(LimitDescription.of(limiter, registry.store(), methods));
        } catch (UnknownLimitException ex) {
            return Optional.empty();
        }
    }

    private WebEndpointResponse<Object> answer(String limit, Function<RateLimiter, @Nullable Object> question) {
        try {
            Object body = question.apply(registry.find(limit).orElseThrow(() -> unknown(limit)));
            return new WebEndpointResponse<>(
                    body, body == null ? WebEndpointResponse.STATUS_NO_CONTENT : WebEndpointResponse.STATUS_OK);
        } catch (UnknownLimitException ex) {
            return problem(WebEndpointResponse.STATUS_NOT_FOUND, "Unknown limit", ex.getMessage());
        } catch (StoreUnavailableException ex) {
            return problem(
                    WebEndpointResponse.STATUS_SERVICE_UNAVAILABLE,
                    "Store unavailable",
                    "The store " + registry.store().name()
                            + " does not answer. A bucket may or may not have been reset. Try again later.");
        }
    }

    private UnknownLimitException unknown(String limit) {
        return new UnknownLimitException(
                limit, registry.all().stream().map(RateLimiter::name).toList());
    }

    private static WebEndpointResponse<Object> problem(int status, String title, @Nullable String detail) {
        return new WebEndpointResponse<>(
                new Problem(title, status, detail), status, MimeType.valueOf("application/problem+json"));
    }

    private static String orShared(@Nullable String key) {
        return key == null ? Charge.SHARED : key;
    }

    /**
     * All limits and their store.
     *
     * @param choosing the methods that compute their limit for each call
     */
    record Overview(StoreDescription store, List<LimitDescription> limits, List<String> choosing) {}

    /** A limit, and the status of one of its buckets. */
    record LimitStatus(LimitDescription limit, KeyStatus level) {}

    /** Why a request cannot be answered, as problem details (RFC 9457). */
    record Problem(String title, int status, @Nullable String detail) {}
}
