package io.ratelimit.http;

import org.springframework.http.HttpHeaders;
import org.springframework.http.MediaType;
import org.springframework.http.ProblemDetail;
import org.springframework.http.ResponseEntity;

/**
 * The HTTP response to a call that a limit rejected or could not count.
 *
 * @param problem the status and the body
 * @param headers the fields, without the content type
 */
record RateLimitResponse(ProblemDetail problem, HttpHeaders headers) {

    /**
     * Returns the body as JSON, for responses that no message converter writes.
     *
     * @param path the path of the request
     */
    byte[] body(String path) {
        return ProblemJson.write(problem, path);
    }

    /** {@return the response for the message converters of the application} */
    ResponseEntity<ProblemDetail> entity() {
        return ResponseEntity.status(problem.getStatus())
                .headers(headers)
                .contentType(MediaType.APPLICATION_PROBLEM_JSON)
                .body(problem);
    }
}
