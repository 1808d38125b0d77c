package io.ratelimit.aop;

import io.ratelimit.UnknownLimitException;
import io.ratelimit.autoconfigure.UnknownLimitHint;
import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.core.env.Environment;
import org.springframework.util.StringUtils;

/** Explains an invalid {@code @RateLimited}. Runs before the analyzer of unknown limits, which cannot name a method. */
@Order(Ordered.LOWEST_PRECEDENCE - 1)
final class InvalidRateLimitedFailureAnalyzer extends AbstractFailureAnalyzer<InvalidRateLimitedException> {

    private final Environment environment;

    InvalidRateLimitedFailureAnalyzer(Environment environment) {
        this.environment = environment;
    }

    @Override
    protected FailureAnalysis analyze(Throwable rootFailure, InvalidRateLimitedException cause) {
        if (cause.getCause() instanceof UnknownLimitException unknown) {
            return unknownLimit(cause, unknown);
        }
        String action = StringUtils.capitalize(cause.getFix());
        return new FailureAnalysis(
                "The @RateLimited on " + cause.getMethod() + " cannot work:" + System.lineSeparator()
                        + System.lineSeparator() + "    " + cause.getAttribute() + " " + cause.getProblem(),
                action + (action.endsWith("?") ? "" : "."),
                cause);
    }

    private FailureAnalysis unknownLimit(InvalidRateLimitedException cause, UnknownLimitException unknown) {
        String known = unknown.getKnown().isEmpty()
                ? "No limits are defined."
                : "Defined are: " + String.join(", ", unknown.getKnown()) + ".";
        return new FailureAnalysis(
                "The limit \"" + unknown.getName() + "\", which @RateLimited on " + cause.getMethod()
                        + " names, is not defined. " + known,
                unknown.getNearest()
                                .map(near -> "Did you mean \"" + near + "\"? If not, define it")
                                .orElse("Define it")
                        + ", for example with " + UnknownLimitHint.property(unknown.getName()) + "=10/s"
                        + UnknownLimitHint.of(environment),
                cause);
    }
}
