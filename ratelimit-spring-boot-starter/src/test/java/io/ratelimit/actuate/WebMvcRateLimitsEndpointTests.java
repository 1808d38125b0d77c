package io.ratelimit.actuate;

import org.springframework.boot.WebApplicationType;

class WebMvcRateLimitsEndpointTests extends RateLimitsEndpointResponses {

    WebMvcRateLimitsEndpointTests() {
        super(WebApplicationType.SERVLET);
    }
}
