package io.ratelimit.http;

import jakarta.servlet.Filter;
import jakarta.servlet.FilterChain;
import jakarta.servlet.RequestDispatcher;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletResponse;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.servlet.http.HttpServletResponseWrapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.core.Ordered;
import org.springframework.http.HttpHeaders;
import org.springframework.http.MediaType;

/**
 * Answers rejected calls that no handler of Spring MVC made: those of a filter, of a servlet or of Spring Security. It
 * writes what {@link RateLimitExceptionHandler} writes.
 *
 * <p>An exception that leaves the chain of filters is answered if a limited call caused it. So is an error 401, 403 or
 * 500 whose cause was recorded in the request. A filter that catches the exception and answers by itself is not
 * overruled.
 */
final class RateLimitRejectionFilter implements Filter {

    /** Within the filter that observes requests, which would count an exception as 500. */
    static final int ORDER = Ordered.HIGHEST_PRECEDENCE + 2;

    private static final String LAST_AUTHENTICATION_FAILURE = "SPRING_SECURITY_LAST_EXCEPTION";
    private static final String ACCESS_DENIED = "SPRING_SECURITY_403_EXCEPTION";

    /** The errors that may be answered, each with the request attributes that may have its cause, the surest first. */
    private static final Map<Integer, List<String>> CAUSES = Map.of(
            HttpServletResponse.SC_UNAUTHORIZED,
            List.of(LAST_AUTHENTICATION_FAILURE, AuthenticationFailureAttribute.NAME),
            HttpServletResponse.SC_FORBIDDEN,
            List.of(ACCESS_DENIED, LAST_AUTHENTICATION_FAILURE, AuthenticationFailureAttribute.NAME),
            HttpServletResponse.SC_INTERNAL_SERVER_ERROR,
            List.of(
                    RequestDispatcher.ERROR_EXCEPTION,
                    LAST_AUTHENTICATION_FAILURE,
                    AuthenticationFailureAttribute.NAME));

    private final RateLimitResponseFactory responses;

    RateLimitRejectionFilter(RateLimitResponseFactory responses) {
        this.responses = responses;
    }

    @Override
    public void doFilter(ServletRequest request, ServletResponse response, FilterChain chain)
            throws IOException, ServletException {
        if (request instanceof HttpServletRequest http && response instanceof HttpServletResponse plain) {
            try {
                chain.doFilter(http, new Response(http, plain));
            } catch (IOException | ServletException | RuntimeException | Error ex) {
                if (http.isAsyncStarted() || !answer(http, plain, ex)) {
                    throw ex;
                }
            }
        } else {
            chain.doFilter(request, response);
        }
    }

    /** Answers a failure that a limited call caused; returns false for any other, and if it is too late. */
    private boolean answer(HttpServletRequest request, HttpServletResponse response, Throwable failure)
            throws IOException {
        RateLimitResponse found = response.isCommitted() ? null : responses.find(failure);
        if (found == null) {
            return false;
        }
        byte[] body = found.body(request.getRequestURI());
        response.resetBuffer();
        response.setStatus(found.problem().getStatus());
        // Removes the challenge of an entry point, because the caller's credentials were not even looked at.
        response.setHeader(HttpHeaders.WWW_AUTHENTICATE, null);
        found.headers().forEach((name, values) -> response.setHeader(name, values.get(0)));
        response.setContentType(MediaType.APPLICATION_PROBLEM_JSON_VALUE);
        response.setContentLength(body.length);
        write(response, body);
        response.flushBuffer();
        return true;
    }

    private static void write(HttpServletResponse response, byte[] body) throws IOException {
        try {
            response.getOutputStream().write(body);
        } catch (IllegalStateException ex) {
            // The writer was fetched before.
            response.getWriter().write(new String(body, StandardCharsets.UTF_8));
            response.getWriter().flush();
        }
    }

    private static @Nullable Throwable recordedCause(HttpServletRequest request, int status) {
        for (String attribute : CAUSES.getOrDefault(status, List.of())) {
            if (request.getAttribute(attribute) instanceof Throwable cause) {
                return cause;
            }
        }
        return null;
    }

    /** A response that answers a rejected call in place of an error that the call caused. */
    private final class Response extends HttpServletResponseWrapper {

        private final HttpServletRequest request;
        private final HttpServletResponse plain;

        Response(HttpServletRequest request, HttpServletResponse plain) {
            super(plain);
            this.request = request;
            this.plain = plain;
        }

        @Override
        public void sendError(int status) throws IOException {
            if (!answered(status)) {
                super.sendError(status);
            }
        }

        @Override
        public void sendError(int status, String message) throws IOException {
            if (!answered(status)) {
                super.sendError(status, message);
            }
        }

        private boolean answered(int status) throws IOException {
            Throwable cause = recordedCause(request, status);
            return cause != null && answer(request, plain, cause);
        }
    }
}
