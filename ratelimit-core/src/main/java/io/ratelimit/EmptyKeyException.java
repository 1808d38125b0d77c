package io.ratelimit;

/** Says that a call brought a null or blank key, which would have shared one bucket with all who bring none. */
public final class EmptyKeyException extends IllegalArgumentException {

    private static final long serialVersionUID = 1L;

    private final String limit;

    /**
     * Creates the exception.
     *
     * @param limit the name of the limit that was asked
     */
    public EmptyKeyException(String limit) {
        super("Empty key for limit \"" + limit + "\": null or blank; give a key, or none at all for one shared bucket");
        this.limit = limit;
    }

    /** {@return the name of the limit that was asked} */
    public String getLimit() {
        return limit;
    }
}
