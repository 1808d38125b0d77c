package io.ratelimit.http;

import org.junit.jupiter.api.Test;
import org.springframework.boot.WebApplicationType;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.reactive.function.server.RouterFunction;
import org.springframework.web.reactive.function.server.RouterFunctions;
import org.springframework.web.reactive.function.server.ServerResponse;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

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

    @Test
    void aRejectionInAFunctionalEndpointIsAnswered() {
        assertRejected("/function");
    }

    @Configuration(proxyBeanMethods = false)
    @Import(ReactiveCalls.class)
    static class Calls {

        @Bean
        RouterFunction<ServerResponse> function() {
            return RouterFunctions.route()
                    .GET("/function", request -> Mono.error(Rejections.rejection("one-rate")))
                    .build();
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
