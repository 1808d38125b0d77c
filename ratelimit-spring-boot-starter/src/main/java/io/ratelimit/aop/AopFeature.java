package io.ratelimit.aop;

import io.ratelimit.autoconfigure.RateLimitFeature;

/** The properties of the advice of annotated methods. */
final class AopFeature implements RateLimitFeature<AopProperties> {

    @Override
    public String name() {
        return "aop";
    }

    @Override
    public Class<AopProperties> propertiesType() {
        return AopProperties.class;
    }
}
