package io.ratelimit.http;

import io.ratelimit.DecisionSource;
import io.ratelimit.EmptyKeyException;
import io.ratelimit.RateLimitExceededException;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import org.springframework.core.annotation.Order;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
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
 * </ul>
 *
 * <p>No response contains a key. The order is 0, so that an advice for all exceptions, which usually has no order, does
 * not handle these. To answer differently, handle the same exceptions in the controller or in an advice with an order
 * below 0.
 */
@RestControllerAdvice
@Order(0)
public final class RateLimitExceptionHandler {

    private static final String TYPES = "https://iana.org/assignments/http-problem-types";
    private static final URI QUOTA_EXCEEDED = URI.create(TYPES + "#quota-exceeded");
    private static final URI REDUCED_CAPACITY = URI.create(TYPES + "#temporary-reduced-capacity");

    /** Creates the advice. */
    public RateLimitExceptionHandler() {}

    @ExceptionHandler
    ResponseEntity<ProblemDetail> handle(RateLimitExceededException ex) {
        return ex.getSource() == DecisionSource.POLICY ? storeUnavailable(ex) : quotaExceeded(ex);
    }

    @ExceptionHandler
    ResponseEntity<ProblemDetail> handle(EmptyKeyException ex) {
        ProblemDetail problem = ProblemDetail.forStatusAndDetail(
                HttpStatus.BAD_REQUEST,
                "The call cannot be counted, because the key of limit \"" + ex.getLimit() + "\" is empty");
        return response(problem, new HttpHeaders());
    }

    private static ResponseEntity<ProblemDetail> quotaExceeded(RateLimitExceededException ex) {
        ProblemDetail problem = problem(HttpStatus.TOO_MANY_REQUESTS, QUOTA_EXCEEDED, "Quota exceeded", ex);
        HttpHeaders headers = new HttpHeaders();
        ex.getRetryAfter().ifPresent(wait -> headers.set(HttpHeaders.RETRY_AFTER, retryAfter(wait)));
        List<RateLimitFields> quotas = ex.getDecision().map(RateLimitFields::of).orElse(List.of());
        if (quotas.isEmpty()) {
            problem.setProperty("violated-policies", List.of(ex.getLimit()));
        } else {
            problem.setProperty("violated-policies", RateLimitFields.violated(quotas));
            headers.set("RateLimit-Policy", RateLimitFields.policyField(quotas));
            headers.set("RateLimit", RateLimitFields.limitField(quotas));
        }
        return response(problem, headers);
    }

    private static ResponseEntity<ProblemDetail> storeUnavailable(RateLimitExceededException ex) {
        HttpHeaders headers = new HttpHeaders();
        headers.set(HttpHeaders.RETRY_AFTER, "1");
        return response(
                problem(HttpStatus.SERVICE_UNAVAILABLE, REDUCED_CAPACITY, "Temporarily reduced capacity", ex), headers);
    }

    private static ProblemDetail problem(HttpStatus status, URI type, String title, RateLimitExceededException ex) {
        ProblemDetail problem = ProblemDetail.forStatusAndDetail(status, ex.getMessage());
        problem.setType(type);
        problem.setTitle(title);
        return problem;
    }

    private static ResponseEntity<ProblemDetail> response(ProblemDetail problem, HttpHeaders headers) {
        return ResponseEntity.status(problem.getStatus())
                .headers(headers)
                .contentType(MediaType.APPLICATION_PROBLEM_JSON)
                .body(problem);
    }

    private static String retryAfter(Duration wait) {
        return Long.toString(Math.max(1, RateLimitFields.seconds(wait)));
    }
}
