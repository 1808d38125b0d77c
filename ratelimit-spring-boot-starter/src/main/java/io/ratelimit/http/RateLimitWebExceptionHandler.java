package io.ratelimit.http;

import org.springframework.core.Ordered;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatusCode;
import org.springframework.http.MediaType;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebExceptionHandler;
import reactor.core.publisher.Mono;

/**
 * Answers rejected calls that no annotated handler made, in WebFlux: those of a {@code WebFilter}, of a functional
 * endpoint or of Spring Security. It writes what {@link RateLimitExceptionHandler} writes.
 */
final class RateLimitWebExceptionHandler implements WebExceptionHandler, Ordered {

    /** Before the handler of Spring Boot, which would answer with 500. */
    private static final int ORDER = -2;

    private final RateLimitResponseFactory responses;

    RateLimitWebExceptionHandler(RateLimitResponseFactory responses) {
        this.responses = responses;
    }

    @Override
    public int getOrder() {
        return ORDER;
    }

    @Override
    public Mono<Void> handle(ServerWebExchange exchange, Throwable failure) {
        ServerHttpResponse response = exchange.getResponse();
        RateLimitResponse found = response.isCommitted() ? null : responses.find(failure);
        return found == null ? Mono.error(failure) : write(exchange, response, found);
    }

    private static Mono<Void> write(ServerWebExchange exchange, ServerHttpResponse response, RateLimitResponse found) {
        byte[] body = found.body(exchange.getRequest().getPath().value());
        response.setStatusCode(HttpStatusCode.valueOf(found.problem().getStatus()));
        HttpHeaders headers = response.getHeaders();
        found.headers().forEach(headers::put);
        headers.setContentType(MediaType.APPLICATION_PROBLEM_JSON);
        headers.setContentLength(body.length);
        return response.writeWith(
                Mono.fromSupplier(() -> response.bufferFactory().wrap(body)));
    }
}
