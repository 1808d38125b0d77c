package io.ratelimit.http;

import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.springframework.boot.WebApplicationType;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.servlet.function.RouterFunction;
import org.springframework.web.servlet.function.RouterFunctions;
import org.springframework.web.servlet.function.ServerResponse;

class WebMvcRejectionTests extends RejectionResponses {

    WebMvcRejectionTests() {
        super(WebApplicationType.SERVLET, Calls.class);
    }

    @Test
    void aFailedFutureIsARejection() {
        assertRejected("/future");
    }

    @Test
    void aFailingCallableIsARejection() {
        assertRejected("/callable");
    }

    @Test
    void aRejectionInAFunctionalEndpointIsAnswered() {
        assertRejected("/function");
    }

    @Configuration(proxyBeanMethods = false)
    @Import(AsyncCalls.class)
    static class Calls {

        @Bean
        RouterFunction<ServerResponse> function() {
            return RouterFunctions.route()
                    .GET("/function", request -> {
                        throw Rejections.rejection("one-rate");
                    })
                    .build();
        }
    }

    @RestController
    static class AsyncCalls {

        @GetMapping("/future")
        CompletableFuture<String> future() {
            return CompletableFuture.supplyAsync(() -> {
                throw Rejections.rejection("one-rate");
            });
        }

        @GetMapping("/callable")
        Callable<String> callable() {
            return () -> {
                throw Rejections.rejection("one-rate");
            };
        }
    }
}
