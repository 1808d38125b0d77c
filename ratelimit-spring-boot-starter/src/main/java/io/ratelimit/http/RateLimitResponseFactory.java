package io.ratelimit.http;

import io.ratelimit.DecisionSource;
import io.ratelimit.EmptyKeyException;
import io.ratelimit.RateLimitExceededException;
import io.ratelimit.expression.InvalidCallException;
import java.net.URI;
import java.time.Duration;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.ProblemDetail;

/** Turns an exception of a limited call into its HTTP response. No response contains a key. */
final class RateLimitResponseFactory {

    private static final String TYPES = "https://iana.org/assignments/http-problem-types";
    private static final URI QUOTA_EXCEEDED = URI.create(TYPES + "#quota-exceeded");
    private static final URI REDUCED_CAPACITY = URI.create(TYPES + "#temporary-reduced-capacity");

    private final InvalidCallLogger invalidCalls;

    RateLimitResponseFactory(InvalidCallLogger invalidCalls) {
        this.invalidCalls = invalidCalls;
    }

    /** Returns the response to the first exception of a limited call in the chain of causes; null if there is none. */
    @Nullable RateLimitResponse find(Throwable failure) {
        Set<Throwable> seen = Collections.newSetFromMap(new IdentityHashMap<>());
        for (Throwable cause = failure; cause != null && seen.add(cause); cause = cause.getCause()) {
            if (cause instanceof RateLimitExceededException rejection) {
                return of(rejection);
            }
            if (cause instanceof EmptyKeyException emptyKey) {
                return of(emptyKey);
            }
            if (cause instanceof InvalidCallException invalid) {
                return of(invalid);
            }
        }
        return null;
    }

    RateLimitResponse of(RateLimitExceededException ex) {
        return ex.getSource() == DecisionSource.POLICY ? storeUnavailable(ex) : quotaExceeded(ex);
    }

    RateLimitResponse of(EmptyKeyException ex) {
        invalidCalls.log(ex);
        return badRequest("the key of limit \"" + ex.getLimit() + "\" is empty");
    }

    RateLimitResponse of(InvalidCallException ex) {
        invalidCalls.log(ex);
        return badRequest("its " + subject(ex.getAttribute())
                + ex.getLimit().map(limit -> " for limit \"" + limit + "\"").orElse("") + " is invalid"
                + ex.getValue().map(value -> " (" + value + ")").orElse("") + ": " + ex.getRule());
    }

    /** Returns what the caller knows of an attribute: {@code cost} for {@code costExpression}. */
    private static String subject(String attribute) {
        return List.of("cost", "key", "limit").stream()
                .filter(attribute::startsWith)
                .findFirst()
                .orElse(attribute.toLowerCase(Locale.ROOT));
    }

    private static RateLimitResponse badRequest(String reason) {
        return new RateLimitResponse(
                ProblemDetail.forStatusAndDetail(
                        HttpStatus.BAD_REQUEST, "The call cannot be counted, because " + reason),
                new HttpHeaders());
    }

    private static RateLimitResponse quotaExceeded(RateLimitExceededException ex) {
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
        return new RateLimitResponse(problem, headers);
    }

    private static RateLimitResponse storeUnavailable(RateLimitExceededException ex) {
        HttpHeaders headers = new HttpHeaders();
        headers.set(HttpHeaders.RETRY_AFTER, "1");
        return new RateLimitResponse(
                problem(HttpStatus.SERVICE_UNAVAILABLE, REDUCED_CAPACITY, "Temporarily reduced capacity", ex), headers);
    }

    private static ProblemDetail problem(HttpStatus status, URI type, String title, RateLimitExceededException ex) {
        ProblemDetail problem = ProblemDetail.forStatusAndDetail(status, ex.getMessage());
        problem.setType(type);
        problem.setTitle(title);
        return problem;
    }

    private static String retryAfter(Duration wait) {
        return Long.toString(Math.max(1, RateLimitFields.seconds(wait)));
    }
}
