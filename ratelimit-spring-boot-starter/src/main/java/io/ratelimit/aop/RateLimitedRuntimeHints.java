package io.ratelimit.aop;

import io.ratelimit.annotation.NotRateLimited;
import io.ratelimit.annotation.RateLimited;
import io.ratelimit.annotation.RateLimits;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.aot.hint.MemberCategory;
import org.springframework.aot.hint.RuntimeHints;
import org.springframework.aot.hint.RuntimeHintsRegistrar;

/** Registers the annotations, and the types that are looked up by their names, for native images. */
final class RateLimitedRuntimeHints implements RuntimeHintsRegistrar {

    private static final List<String> LOOKED_UP = List.of(
            "io.micrometer.context.ContextSnapshotFactory",
            "io.netty.util.concurrent.FastThreadLocalThread",
            "jakarta.servlet.AsyncListener",
            "kotlin.sequences.Sequence",
            "kotlinx.coroutines.flow.Flow",
            "kotlinx.coroutines.reactor.MonoKt",
            "org.slf4j.MDC",
            "org.springframework.http.HttpEntity",
            "org.springframework.web.servlet.mvc.method.annotation.StreamingResponseBody",
            "reactor.core.publisher.Mono",
            "reactor.core.scheduler.Schedulers",
            MethodSecurityAdvisors.ADVISOR,
            MethodSecurityAdvisors.REACTIVE_CONFIGURATION);

    @Override
    public void registerHints(RuntimeHints hints, @Nullable ClassLoader classLoader) {
        hints.reflection()
                .registerType(NotRateLimited.class, MemberCategory.INVOKE_DECLARED_METHODS)
                .registerType(RateLimited.class, MemberCategory.INVOKE_DECLARED_METHODS)
                .registerType(RateLimits.class, MemberCategory.INVOKE_DECLARED_METHODS);
        LOOKED_UP.forEach(type -> hints.reflection().registerTypeIfPresent(classLoader, type));
    }
}
