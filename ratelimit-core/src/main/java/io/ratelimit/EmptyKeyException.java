package io.ratelimit;

/** Thrown when the key of a call is null or blank. Otherwise all calls without a key would share one bucket. */
public final class EmptyKeyException extends IllegalArgumentException {

    private static final long serialVersionUID = 1L;

    private final String limit;

    /**
     * Creates the exception.
     *
     * @param limit the name of the limit of the call
     */
    public EmptyKeyException(String limit) {
        super("Empty key for limit \"" + limit + "\": null or blank; give a key, or none at all for one shared bucket");
        this.limit = limit;
    }

    /** {@return the name of the limit of the call} */
    public String getLimit() {
        return limit;
    }
}
