package io.ratelimit.redis;

import io.ratelimit.StoreUnavailableException;
import java.security.cert.CertificateException;
import java.time.Duration;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Classifies the failures of client libraries by the error that Redis answered. */
final class RedisErrorClassifier {

    /** The beginning of the error of a master that was demoted to a replica. */
    static final String READONLY = "READONLY";

    private static final Pattern ANSWER = Pattern.compile("([A-Z]{3,}) .*", Pattern.DOTALL);

    private RedisErrorClassifier() {}

    /** Returns the text of the server's error, such as {@code NOSCRIPT No matching script}; empty if there is none. */
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

    /**
     * Converts a failure. Neither the message nor a cause has a host, a key or a password, because servers quote
     * commands in their errors.
     */
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

    /**
     * Returns whether a certificate was not trusted. Java's message for this begins with a word in capitals, like an
     * error of Redis: {@code PKIX path building failed}.
     */
    private static boolean isUntrusted(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof CertificateException) {
                return true;
            }
        }
        return false;
    }

    /**
     * Returns whether a call timed out. Client libraries have their own exceptions, which may be missing from the class
     * path.
     */
    static boolean isTimeout(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof TimeoutException
                    || cause.getClass().getSimpleName().endsWith("TimeoutException")) {
                return true;
            }
        }
        return false;
    }
}
