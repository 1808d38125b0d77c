package io.ratelimit.redis;

import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.core.annotation.Order;

/** Explains that Redis did not answer at start-up. Runs before the analyzers of connection failures. */
@Order(0)
final class RedisStartupFailureAnalyzer extends AbstractFailureAnalyzer<RedisStartupException> {

    @Override
    protected FailureAnalysis analyze(Throwable rootFailure, RedisStartupException cause) {
        return new FailureAnalysis(
                cause.getMessage() + ".",
                "Start Redis, or correct its address, user, password or SSL (spring.data.redis.*, or the connection factory"
                        + " that ratelimit.redis.connection-factory names). To start without it, drop"
                        + " ratelimit.redis.require-at-startup: limits then answer by their on-store-failure until Redis is"
                        + " there.",
                cause);
    }
}
