package io.ratelimit;

import org.jspecify.annotations.Nullable;

/** Thrown when a store is not reachable, answers with an error, or does not answer in time. */
public final class StoreUnavailableException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    /**
     * Creates the exception.
     *
     * @param message the attempted call and how long it took, without a key
     * @param cause the error of the store's client; null if there is none
     */
    public StoreUnavailableException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
