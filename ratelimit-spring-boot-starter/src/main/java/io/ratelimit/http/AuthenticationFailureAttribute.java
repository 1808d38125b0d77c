package io.ratelimit.http;

import org.jspecify.annotations.Nullable;
import org.springframework.web.context.request.RequestAttributes;
import org.springframework.web.context.request.RequestContextHolder;

/** The request attribute that has the exception of the request's last authentication, if it failed. */
final class AuthenticationFailureAttribute {

    static final String NAME = AuthenticationFailureAttribute.class.getName();

    private AuthenticationFailureAttribute() {}

    /**
     * Records the outcome of an authentication: its exception, or null. Does nothing outside of a request, and if the
     * request is over, as on a thread that outlives it.
     */
    static void record(@Nullable Throwable failure) {
        RequestAttributes request = RequestContextHolder.getRequestAttributes();
        if (request == null) {
            return;
        }
        try {
            if (failure == null) {
                request.removeAttribute(NAME, RequestAttributes.SCOPE_REQUEST);
            } else {
                request.setAttribute(NAME, failure, RequestAttributes.SCOPE_REQUEST);
            }
        } catch (IllegalStateException ex) {
            // The request is over, so nobody reads the attribute any more.
        }
    }
}
