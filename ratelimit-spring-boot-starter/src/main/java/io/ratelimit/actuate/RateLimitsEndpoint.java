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
import org.springframework.boot.actuate.endpoint.annotation.DeleteOperation;
import org.springframework.boot.actuate.endpoint.annotation.Endpoint;
import org.springframework.boot.actuate.endpoint.annotation.ReadOperation;
import org.springframework.boot.actuate.endpoint.annotation.Selector;
import org.springframework.boot.actuate.endpoint.web.WebEndpointResponse;

/**
 * The actuator endpoint {@code ratelimits}.
 *
 * <ul>
 *   <li>{@code GET /ratelimits}: the store, every limit with its totals and the methods that name it, and the methods that
 *       choose a limit on each call.
 *   <li>{@code GET /ratelimits/search}: the limit {@code search}, and the level of the bucket that calls without a key
 *       share.
 *   <li>{@code GET /ratelimits/search/user-42}: the level of one key's bucket. Nothing is taken from it.
 *   <li>{@code DELETE /ratelimits/search/user-42}, or without a key for the shared bucket: it is full again.
 * </ul>
 *
 * <p>A key with a slash goes into the query, {@code /ratelimits/search?key=a%2Fb}, because servers refuse an encoded
 * slash in a path. An unknown limit is answered by 404, a store that cannot be asked by 503.
 *
 * <p>Whoever may see the endpoint may reset buckets, as with Spring Boot's {@code caches};
 * {@code management.endpoint.ratelimits.access=read-only} takes that away.
 */
@Endpoint(id = "ratelimits")
public final class RateLimitsEndpoint {

    private final RateLimiterRegistry registry;
    private final Function<String, ? extends Collection<String>> methods;
    private final Supplier<? extends Collection<String>> choosing;

    /**
     * Creates the endpoint.
     *
     * @param registry whose limits are shown
     * @param methods asked for the methods that name a limit, by its name
     * @param choosing asked for the methods that choose a limit on each call
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
    WebEndpointResponse<LimitStatus> limit(@Selector String limit, @Nullable String key) {
        return answer(
                limit,
                limiter -> new LimitStatus(
                        LimitDescription.of(limiter, registry.store(), methods), KeyStatus.of(limiter, orShared(key))));
    }

    @ReadOperation
    WebEndpointResponse<KeyStatus> level(@Selector String limit, @Selector String key) {
        return answer(limit, limiter -> KeyStatus.of(limiter, key));
    }

    @DeleteOperation
    WebEndpointResponse<Void> resetShared(@Selector String limit, @Nullable String key) {
        return reset(limit, orShared(key));
    }

    @DeleteOperation
    WebEndpointResponse<Void> reset(@Selector String limit, @Selector String key) {
        return answer(limit, limiter -> {
            limiter.reset(key);
            return null;
        });
    }

    /** Empty for a limit that was removed meanwhile. */
    private Optional<LimitDescription> description(RateLimiter limiter) {
        try {
            return Optional.of(LimitDescription.of(limiter, registry.store(), methods));
        } catch (UnknownLimitException ex) {
            return Optional.empty();
        }
    }

    private <T> WebEndpointResponse<T> answer(String limit, Function<RateLimiter, @Nullable T> question) {
        try {
            @Nullable T body = question.apply(registry.get(limit));
            return new WebEndpointResponse<>(
                    body, body == null ? WebEndpointResponse.STATUS_NO_CONTENT : WebEndpointResponse.STATUS_OK);
        } catch (UnknownLimitException ex) {
            return new WebEndpointResponse<>(WebEndpointResponse.STATUS_NOT_FOUND);
        } catch (StoreUnavailableException ex) {
            return new WebEndpointResponse<>(WebEndpointResponse.STATUS_SERVICE_UNAVAILABLE);
        }
    }

    private static String orShared(@Nullable String key) {
        return key == null ? Charge.SHARED : key;
    }

    /**
     * All limits and where they are kept.
     *
     * @param choosing methods whose limit is found on each call
     */
    record Overview(StoreDescription store, List<LimitDescription> limits, List<String> choosing) {}

    /** A limit, and the level of one of its buckets. */
    record LimitStatus(LimitDescription limit, KeyStatus level) {}
}
