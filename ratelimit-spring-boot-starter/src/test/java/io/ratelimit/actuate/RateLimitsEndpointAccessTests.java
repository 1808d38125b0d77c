package io.ratelimit.actuate;

import static org.assertj.core.api.Assertions.assertThat;

import io.ratelimit.Limit;
import io.ratelimit.RateLimiter;
import io.ratelimit.RateLimiterRegistry;
import io.ratelimit.http.RunningApplication;
import org.junit.jupiter.api.Test;
import org.springframework.boot.WebApplicationType;

class RateLimitsEndpointAccessTests {

    @Test
    void readOnlyAccessTakesTheResetAway() {
        String[] properties = {
            "management.endpoints.web.exposure.include=ratelimits", "management.endpoint.ratelimits.access=read-only"
        };
        try (RunningApplication application = RunningApplication.start(
                WebApplicationType.SERVLET, properties, RateLimitsEndpointResponses.Application.class)) {
            RateLimiter search = application.bean(RateLimiterRegistry.class).define(Limit.of("search", "4/s"));
            search.tryAcquire("user-42");

            assertThat(application.get("/actuator/ratelimits/search/user-42").statusCode())
                    .isEqualTo(200);
            assertThat(application
                            .send("/actuator/ratelimits/search/user-42", "DELETE")
                            .statusCode())
                    .isEqualTo(405);
            assertThat(search.peek("user-42").remaining()).isEqualTo(3);
        }
    }
}
