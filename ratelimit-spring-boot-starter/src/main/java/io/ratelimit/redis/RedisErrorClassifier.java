package io.ratelimit.redis;

import io.ratelimit.StoreUnavailableException;
import java.security.cert.CertificateException;
import java.time.Duration;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What Redis answered when it answered an error, wherever a client library has put it. */
final class RedisErrorClassifier {

    /** How the answer of a master begins that was demoted. */
    static final String READONLY = "READONLY";

    private static final Pattern ANSWER = Pattern.compile("([A-Z]{3,}) .*", Pattern.DOTALL);

    private RedisErrorClassifier() {}

    /** The text of the server's error, such as {@code NOSCRIPT No matching script}; empty if there is none. */
    static String answer(Throwable failure) {
        if (isUntrusted(failure)) {
            return "";
        }
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            @Nullable String message = cause.getMessage();
            if (message != null && ANSWER.matcher(message).matches()) {
                return message;
            }
        }
        return "";
    }

    /** The failure as the store tells it: no host, key or password in the message, nor in a cause, where servers quote commands. */
    static StoreUnavailableException unavailable(Throwable failure, Duration timeout) {
        Matcher answer = ANSWER.matcher(answer(failure));
        if (answer.matches()) {
            return new StoreUnavailableException("Redis could not be asked: it answered " + answer.group(1), null);
        }
        String reason;
        if (isTimeout(failure)) {
            reason = "no answer within " + timeout.toMillis() + " ms";
        } else if (isUntrusted(failure)) {
            reason = "its certificate is not trusted";
        } else {
            reason = "no connection";
        }
        return new StoreUnavailableException("Redis could not be asked: " + reason, failure);
    }

    /** What Java says of certificates begins with words like an answer's: {@code PKIX path building failed}. */
    private static boolean isUntrusted(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof CertificateException) {
                return true;
            }
        }
        return false;
    }

    /** Client libraries have timeout exceptions of their own, which need not be on the class path. */
    private static boolean isTimeout(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof TimeoutException
                    || cause.getClass().getSimpleName().endsWith("TimeoutException")) {
                return true;
            }
        }
        return false;
    }
}
