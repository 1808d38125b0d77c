package io.ratelimit.redis;

import org.springframework.boot.autoconfigure.condition.AnyNestedCondition;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;

/** Matches if {@code ratelimit.store} is {@code redis} or {@code auto}, its default. */
final class OnRedisStoreCondition extends AnyNestedCondition {

    OnRedisStoreCondition() {
        super(ConfigurationPhase.REGISTER_BEAN);
    }

    @ConditionalOnProperty(name = "ratelimit.store", havingValue = "auto", matchIfMissing = true)
    static final class Auto {}

    @ConditionalOnProperty(name = "ratelimit.store", havingValue = "redis")
    static final class Redis {}
}
