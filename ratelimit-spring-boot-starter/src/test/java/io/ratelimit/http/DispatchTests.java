package io.ratelimit.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.ratelimit.Charge;
import io.ratelimit.RateLimiter;
import io.ratelimit.RateLimiterRegistry;
import io.ratelimit.annotation.RateLimited;
import jakarta.servlet.RequestDispatcher;
import jakarta.servlet.http.HttpServletRequest;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Import;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.context.request.async.DeferredResult;
import org.springframework.web.servlet.ModelAndView;

/** A request that the server dispatches more than once is charged once. */
class DispatchTests {

    private static final String[] PROPERTIES = {
        "spring.main.web-application-type=servlet", "ratelimit.store=memory", "ratelimit.limits.requests=10/1h"
    };

    private static RunningApplication application;

    @BeforeAll
    static void start() {
        application = RunningApplication.start(WebApplicationType.SERVLET, PROPERTIES, Application.class);
    }

    @AfterAll
    static void close() {
        application.close();
    }

    @ParameterizedTest
    @CsvSource({
        "/value, 200",
        "/callable, 200",
        "/deferred, 200",
        "/future, 200",
        "/late-failure, 500",
        "/failure, 500",
        "/view, 200",
        "/forward, 200"
    })
    void isChargedOnce(String path, int status) {
        RateLimiter requests = application.bean(RateLimiterRegistry.class).get("requests");
        requests.reset(Charge.SHARED);
        assertThat(application.get(path).statusCode()).isEqualTo(status);
        assertThat(requests.peek(Charge.SHARED).remaining()).isBetween(9.0, 9.1);
    }

    @EnableAutoConfiguration
    @Import(Controller.class)
    static class Application {}

    @RestController
    static class Controller {

        @GetMapping("/value")
        @RateLimited("requests")
        public String value() {
            return "done";
        }

        @GetMapping("/callable")
        @RateLimited("requests")
        public Callable<String> callable() {
            return () -> "done";
        }

        @GetMapping("/deferred")
        @RateLimited("requests")
        public DeferredResult<String> deferred() {
            DeferredResult<String> result = new DeferredResult<>();
            CompletableFuture.delayedExecutor(10, TimeUnit.MILLISECONDS).execute(() -> result.setResult("done"));
            return result;
        }

        @GetMapping("/future")
        @RateLimited("requests")
        public CompletableFuture<String> future() {
            return CompletableFuture.supplyAsync(
                    () -> "done", CompletableFuture.delayedExecutor(10, TimeUnit.MILLISECONDS));
        }

        @GetMapping("/late-failure")
        @RateLimited("requests")
        public CompletableFuture<String> lateFailure() {
            return CompletableFuture.supplyAsync(
                    () -> {
                        throw new IllegalStateException("broken");
                    },
                    CompletableFuture.delayedExecutor(10, TimeUnit.MILLISECONDS));
        }

        @GetMapping("/failure")
        @RateLimited("requests")
        public String failure() {
            throw new IllegalStateException("broken");
        }

        @GetMapping("/view")
        @RateLimited("requests")
        public ModelAndView view() {
            return new ModelAndView("forward:/unlimited");
        }

        @GetMapping("/forward")
        public ModelAndView forward(HttpServletRequest request) {
            assertThat(request.getAttribute(RequestDispatcher.FORWARD_REQUEST_URI))
                    .isNull();
            return new ModelAndView("forward:/value");
        }

        @GetMapping("/unlimited")
        public String unlimited(HttpServletRequest request) {
            return String.valueOf(request.getAttribute(RequestDispatcher.FORWARD_REQUEST_URI));
        }
    }
}
