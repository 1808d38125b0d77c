package io.ratelimit.autoconfigure;

import io.ratelimit.UnknownLimitException;
import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.core.env.Environment;

/** Explains that a limit is not defined. */
final class UnknownLimitFailureAnalyzer extends AbstractFailureAnalyzer<UnknownLimitException> {

    private final Environment environment;

    UnknownLimitFailureAnalyzer(Environment environment) {
        this.environment = environment;
    }

    @Override
    protected FailureAnalysis analyze(Throwable rootFailure, UnknownLimitException cause) {
        String known = cause.getKnown().isEmpty()
                ? "No limits are defined."
                : "Defined are: " + String.join(", ", cause.getKnown()) + ".";
        return new FailureAnalysis(
                "The limit \"" + cause.getName() + "\" is not defined. " + known,
                cause.getNearest()
                                .map(near -> "Did you mean \"" + near + "\"? If not, define it")
                                .orElse("Define it") + ", for example with "
                        + UnknownLimitHint.property(cause.getName()) + "=10/s" + UnknownLimitHint.of(environment),
                cause);
    }
}
