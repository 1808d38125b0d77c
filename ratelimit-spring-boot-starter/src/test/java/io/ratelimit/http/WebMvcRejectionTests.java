package io.ratelimit.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.ratelimit.RateLimitExceededException;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.Filter;
import jakarta.servlet.FilterChain;
import jakarta.servlet.RequestDispatcher;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.web.servlet.FilterRegistrationBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.servlet.function.RouterFunction;
import org.springframework.web.servlet.function.RouterFunctions;
import org.springframework.web.servlet.function.ServerResponse;

@Tag("compatibility")
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
    void aFunctionalEndpointThatFailsLaterIsARejection() {
        assertRejected("/later");
    }

    @Test
    void aRejectionInAnAsyncDispatchIsAnsweredOnce() {
        assertRejected("/async");
    }

    @ParameterizedTest
    @CsvSource({
        "500, jakarta.servlet.error.exception",
        "500, SPRING_SECURITY_LAST_EXCEPTION",
        "403, SPRING_SECURITY_403_EXCEPTION",
        "403, SPRING_SECURITY_LAST_EXCEPTION",
        "401, SPRING_SECURITY_LAST_EXCEPTION"
    })
    void anErrorWhoseRecordedCauseIsARejectionIsAnswered(int status, String attribute) {
        assertRejected("/recorded/" + status + "?attribute=" + attribute);
    }

    @ParameterizedTest
    @CsvSource({
        "404, jakarta.servlet.error.exception",
        "401, jakarta.servlet.error.exception",
        "401, SPRING_SECURITY_403_EXCEPTION",
        "500, none"
    })
    void anErrorThatARejectionDidNotCauseStays(int status, String attribute) {
        assertThat(application
                        .get("/recorded/" + status + "?attribute=" + attribute)
                        .statusCode())
                .isEqualTo(status);
    }

    @Test
    void theSurestCauseOfAnErrorDecides() {
        assertThat(application
                        .get("/recorded/500?attribute=SPRING_SECURITY_LAST_EXCEPTION&other=true")
                        .statusCode())
                .isEqualTo(500);
    }

    @Test
    void aRejectionInAFilterIsObservedAs429() {
        assertRejected("/filter/one-rate");

        // No handler was found for the path, because the filter rejected the request.
        Awaitility.await()
                .untilAsserted(() -> assertThat(application
                                .bean(MeterRegistry.class)
                                .find("http.server.requests")
                                .tags("status", "429", "uri", "UNKNOWN")
                                .timer())
                        .isNotNull());
    }

    @Configuration(proxyBeanMethods = false)
    @Import(AsyncCalls.class)
    static class Calls {

        @Bean
        MeterRegistry meters() {
            return new SimpleMeterRegistry();
        }

        @Bean
        RouterFunction<ServerResponse> function() {
            return RouterFunctions.route()
                    .GET("/function/{kind}", request -> {
                        throw Rejections.rejection(request.pathVariable("kind"));
                    })
                    .GET(
                            "/later",
                            request -> ServerResponse.async(CompletableFuture.supplyAsync(() -> {
                                throw Rejections.rejection("one-rate");
                            })))
                    .build();
        }

        @Bean
        Filter rejecting() {
            return (request, response, chain) ->
                    reject((HttpServletRequest) request, (HttpServletResponse) response, chain);
        }

        @Bean
        FilterRegistrationBean<Filter> rejectingAsyncDispatches() {
            FilterRegistrationBean<Filter> registration = new FilterRegistrationBean<>((request, response, chain) -> {
                throw Rejections.rejection("one-rate");
            });
            registration.setUrlPatterns(List.of("/async"));
            registration.setDispatcherTypes(DispatcherType.ASYNC);
            return registration;
        }

        private static void reject(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
                throws IOException, ServletException {
            String path = request.getRequestURI();
            String last = path.substring(path.lastIndexOf('/') + 1);
            if (path.startsWith("/filter/")) {
                throw Rejections.rejection(last);
            } else if (path.startsWith("/caught/")) {
                try {
                    throw Rejections.rejection("one-rate");
                } catch (RateLimitExceededException ex) {
                    response.sendError(Integer.parseInt(last));
                }
            } else if (path.startsWith("/recorded/")) {
                if (request.getParameter("other") != null) {
                    request.setAttribute(RequestDispatcher.ERROR_EXCEPTION, new IllegalStateException("not ours"));
                }
                request.setAttribute(request.getParameter("attribute"), Rejections.rejection("wrapped"));
                response.sendError(Integer.parseInt(last), "failed");
            } else if (path.equals("/committed")) {
                response.setContentLength(4);
                response.getOutputStream().print("done");
                response.flushBuffer();
                throw Rejections.rejection("one-rate");
            } else {
                chain.doFilter(request, response);
            }
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

        @GetMapping("/async")
        Callable<String> async() {
            return () -> "done";
        }

        @GetMapping("/callable")
        Callable<String> callable() {
            return () -> {
                throw Rejections.rejection("one-rate");
            };
        }
    }
}
