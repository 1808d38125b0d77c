package io.ratelimit.autoconfigure;

import io.ratelimit.UnknownLimitException;
import io.ratelimit.aop.InvalidRateLimitedException;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;

/** Explains a {@code @RateLimited} that cannot work, unless its limit is what is unknown. */
final class InvalidRateLimitedFailureAnalyzer extends AbstractFailureAnalyzer<InvalidRateLimitedException> {

    @Override
    protected @Nullable FailureAnalysis analyze(Throwable rootFailure, InvalidRateLimitedException cause) {
        if (cause.getCause() instanceof UnknownLimitException) {
            return null;
        }
        return new FailureAnalysis(
                "The @RateLimited on " + cause.getMethod() + " cannot work:" + System.lineSeparator()
                        + System.lineSeparator() + "    " + cause.getAttribute() + " " + cause.getProblem(),
                "In " + cause.getAttribute() + ": " + cause.getFix() + ".",
                cause);
    }
}
