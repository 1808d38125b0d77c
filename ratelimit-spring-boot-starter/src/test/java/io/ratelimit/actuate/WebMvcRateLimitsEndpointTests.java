package io.ratelimit.actuate;

import org.junit.jupiter.api.Tag;
import org.springframework.boot.WebApplicationType;

@Tag("compatibility")
class WebMvcRateLimitsEndpointTests extends RateLimitsEndpointResponses {

    WebMvcRateLimitsEndpointTests() {
        super(WebApplicationType.SERVLET);
    }
}
