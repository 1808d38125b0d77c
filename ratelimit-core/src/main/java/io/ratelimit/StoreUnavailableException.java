package io.ratelimit;

import org.jspecify.annotations.Nullable;

/** Says that a store could not be asked: it is not reachable, answered an error, or did not answer in time. */
public final class StoreUnavailableException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    /**
     * Creates the exception.
     *
     * @param message what was tried and for how long, with no key in it
     * @param cause the store's own error, if there is one
     */
    public StoreUnavailableException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
