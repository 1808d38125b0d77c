package io.ratelimit.aop;

/** The reaction to an annotation that has no effect. */
enum IneffectivePolicy {

    /** Stops the start of the application. */
    FAIL,

    /** Logs a warning. */
    WARN
}
