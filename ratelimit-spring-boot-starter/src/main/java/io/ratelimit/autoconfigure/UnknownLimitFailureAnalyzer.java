package io.ratelimit.autoconfigure;

import io.ratelimit.UnknownLimitException;
import io.ratelimit.aop.InvalidRateLimitedException;
import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;

/** Explains a limit that nobody defined, and who asks for it. */
final class UnknownLimitFailureAnalyzer extends AbstractFailureAnalyzer<UnknownLimitException> {

    @Override
    protected FailureAnalysis analyze(Throwable rootFailure, UnknownLimitException cause) {
        InvalidRateLimitedException annotated = findCause(rootFailure, InvalidRateLimitedException.class);
        String user = annotated == null ? "" : ", which @RateLimited on " + annotated.getMethod() + " asks for,";
        String known = cause.getKnown().isEmpty()
                ? "No limits are defined."
                : "Defined are: " + String.join(", ", cause.getKnown()) + ".";
        return new FailureAnalysis(
                "The limit \"" + cause.getName() + "\"" + user + " is not defined. " + known,
                cause.getNearest()
                                .map(near -> "Did you mean \"" + near + "\"? If not, ")
                                .orElse("To mend it, ") + "define it, for example with ratelimit.limits."
                        + cause.getName() + "=10/s",
                cause);
    }
}
