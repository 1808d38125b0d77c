package io.ratelimit.actuate;

import org.springframework.boot.WebApplicationType;

class WebFluxRateLimitsEndpointTests extends RateLimitsEndpointResponses {

    WebFluxRateLimitsEndpointTests() {
        super(WebApplicationType.REACTIVE);
    }
}
