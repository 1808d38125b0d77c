package io.ratelimit.http;

import io.ratelimit.EmptyKeyException;
import io.ratelimit.RateLimitExceededException;
import io.ratelimit.expression.InvalidCallException;
import org.springframework.core.annotation.Order;
import org.springframework.http.ProblemDetail;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.RestControllerAdvice;

/**
 * Answers rejected calls with problem details (RFC 9457), in Spring MVC and in WebFlux.
 *
 * <ul>
 *   <li>A limit rejected the call: 429 with {@code Retry-After} in whole seconds, unless the call can never be
 *       admitted. The fields {@code RateLimit} and {@code RateLimit-Policy} follow
 *       draft-ietf-httpapi-ratelimit-headers-10, and {@code violated-policies} names the policies that rejected.
 *   <li>The store cannot be asked and the limit has {@code on-store-failure: deny}: 503 with {@code Retry-After: 1}.
 *   <li>The key of the call is null or blank: 400.
 *   <li>The values of the call give no valid key, cost, condition or limit, such as a cost of -1: 400.
 * </ul>
 *
 * <p>Of the calls that are answered with 400, at most one line a second is logged for each limit.
 *
 * <p>No response contains a key. The order is 0, so that an advice for all exceptions, which usually has no order, does
 * not handle these. To answer differently, handle the same exceptions in the controller or in an advice with an order
 * below 0.
 */
@RestControllerAdvice
@Order(0)
public final class RateLimitExceptionHandler {

    private final RateLimitResponseFactory responses;

    /** Creates the advice. */
    public RateLimitExceptionHandler() {
        this(new RateLimitResponseFactory(new InvalidCallLogger(System::nanoTime)));
    }

    RateLimitExceptionHandler(RateLimitResponseFactory responses) {
        this.responses = responses;
    }

    @ExceptionHandler
    ResponseEntity<ProblemDetail> handle(RateLimitExceededException ex) {
        return responses.of(ex).entity();
    }

    @ExceptionHandler
    ResponseEntity<ProblemDetail> handle(EmptyKeyException ex) {
        return responses.of(ex).entity();
    }

    @ExceptionHandler
    ResponseEntity<ProblemDetail> handle(InvalidCallException ex) {
        return responses.of(ex).entity();
    }
}
