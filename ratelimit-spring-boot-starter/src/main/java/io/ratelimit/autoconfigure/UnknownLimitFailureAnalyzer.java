package io.ratelimit.autoconfigure;

import io.ratelimit.UnknownLimitException;
import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;

/** Explains a limit that is asked for by name and not defined. */
final class UnknownLimitFailureAnalyzer extends AbstractFailureAnalyzer<UnknownLimitException> {

    @Override
    protected FailureAnalysis analyze(Throwable rootFailure, UnknownLimitException cause) {
        String known = cause.getKnown().isEmpty()
                ? "No limits are defined."
                : "Defined are: " + String.join(", ", cause.getKnown()) + ".";
        return new FailureAnalysis(
                "The limit \"" + cause.getName() + "\" is not defined. " + known,
                cause.getNearest()
                                .map(near -> "Did you mean \"" + near + "\"? If not, ")
                                .orElse("To mend it, ") + "define it, for example with ratelimit.limits."
                        + cause.getName() + "=10/s",
                cause);
    }
}
