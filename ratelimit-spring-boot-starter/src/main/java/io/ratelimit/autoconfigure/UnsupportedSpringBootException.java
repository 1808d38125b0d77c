package io.ratelimit.autoconfigure;

/** Thrown at start-up on a version of Spring Boot that is too old. */
final class UnsupportedSpringBootException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    UnsupportedSpringBootException(String version) {
        super("ratelimit needs Spring Boot 4.0 or later, and this application runs on " + version);
    }
}
