package io.ratelimit.actuate;

import static org.assertj.core.api.Assertions.assertThat;

import io.ratelimit.Limit;
import io.ratelimit.RateLimiters;
import io.ratelimit.actuate.RateLimitsEndpointResponses.FailingStore;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.springframework.boot.actuate.endpoint.web.WebEndpointResponse;

/** The endpoint over a remote store that no policy answers for. */
class RateLimitsEndpointTests {

    private final FailingStore store = new FailingStore();
    private final RateLimiters limiters = new RateLimiters(store, List.of());
    private final RateLimitsEndpoint endpoint = new RateLimitsEndpoint(limiters, limit -> List.of());

    @Test
    void whatTheStoreCannotTellOrDoIsUnavailable() {
        limiters.define(Limit.of("search", "4/s"));
        store.fail();

        assertThat(List.of(
                        endpoint.limit("search", null),
                        endpoint.limit("search", "a/b"),
                        endpoint.level("search", "a"),
                        endpoint.resetShared("search", null),
                        endpoint.reset("search", "a")))
                .allSatisfy(response -> assertThat(response.getBody()).isNull())
                .extracting(WebEndpointResponse::getStatus)
                .containsOnly(503);
        assertThat(endpoint.limits().store().state()).isEqualTo("down");
    }
}
