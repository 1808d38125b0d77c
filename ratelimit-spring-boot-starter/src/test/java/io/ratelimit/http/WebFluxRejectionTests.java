package io.ratelimit.http;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.springframework.boot.WebApplicationType;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.reactive.function.server.RouterFunction;
import org.springframework.web.reactive.function.server.RouterFunctions;
import org.springframework.web.reactive.function.server.ServerResponse;
import org.springframework.web.server.WebFilter;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

@Tag("compatibility")
class WebFluxRejectionTests extends RejectionResponses {

    WebFluxRejectionTests() {
        super(WebApplicationType.REACTIVE, Calls.class);
    }

    @Test
    void aFailedMonoIsARejection() {
        assertRejected("/mono");
    }

    @Test
    void aFluxThatFailsBeforeItsFirstElementIsARejection() {
        assertRejected("/flux");
    }

    @Configuration(proxyBeanMethods = false)
    @Import(ReactiveCalls.class)
    static class Calls {

        @Bean
        RouterFunction<ServerResponse> function() {
            return RouterFunctions.route()
                    .GET("/function/{kind}", request -> {
                        throw Rejections.rejection(request.pathVariable("kind"));
                    })
                    .build();
        }

        @Bean
        WebFilter rejecting() {
            return (exchange, chain) -> {
                String path = exchange.getRequest().getPath().value();
                String last = path.substring(path.lastIndexOf('/') + 1);
                if (path.startsWith("/filter/")) {
                    return Mono.error(Rejections.rejection(last));
                } else if (path.startsWith("/caught/")) {
                    exchange.getResponse().setRawStatusCode(Integer.parseInt(last));
                    return Mono.<Void>error(Rejections.rejection("one-rate")).onErrorComplete();
                } else if (path.equals("/committed")) {
                    ServerHttpResponse response = exchange.getResponse();
                    response.getHeaders().setContentLength(4);
                    return response.writeWith(
                                    Mono.just(response.bufferFactory().wrap("done".getBytes(StandardCharsets.UTF_8))))
                            .then(Mono.error(Rejections.rejection("one-rate")));
                }
                return chain.filter(exchange);
            };
        }
    }

    @RestController
    static class ReactiveCalls {

        @GetMapping("/mono")
        Mono<String> mono() {
            return Mono.error(Rejections.rejection("one-rate"));
        }

        @GetMapping("/flux")
        Flux<String> flux() {
            return Flux.error(Rejections.rejection("one-rate"));
        }
    }
}
