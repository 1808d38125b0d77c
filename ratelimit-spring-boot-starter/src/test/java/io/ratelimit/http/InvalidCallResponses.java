package io.ratelimit.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.ratelimit.Charge;
import io.ratelimit.RateLimiterRegistry;
import io.ratelimit.annotation.CostResolver;
import io.ratelimit.annotation.RateLimited;
import io.ratelimit.annotation.RateLimitedCall;
import java.math.BigDecimal;
import java.net.http.HttpResponse;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Import;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The HTTP response to a call whose values give no valid cost, key, condition or limit, in any web framework. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@ExtendWith(OutputCaptureExtension.class)
abstract class InvalidCallResponses {

    private static final String[] PROPERTIES = {
        "ratelimit.store=memory",
        "ratelimit.limits.priced=1000/1h",
        "ratelimit.limits.free=1000/1h",
        "server.max-http-request-header-size=64KB",
        "server.netty.max-initial-line-length=64KB"
    };

    private static final String COST = "The call cannot be counted, because its cost for limit \"priced\" is invalid";

    private final RunningApplication application;

    InvalidCallResponses(WebApplicationType type, Class<?> endpoints) {
        this.application = RunningApplication.start(type, PROPERTIES, Application.class, endpoints);
    }

    @AfterAll
    void stop() {
        application.close();
    }

    @ParameterizedTest
    @CsvSource({
        "-1, -1.0",
        "NaN, NaN",
        "1e999, Infinity",
        "-1e300, -1.0E300",
    })
    void aBadCostIsABadRequestThatNamesTheRule(String cost, String told) {
        for (String path : new String[] {"/double", "/parsed", "/resolved", "/function", "/filter"}) {
            assertBadRequest(
                    application.get(path + "?cost=" + cost),
                    path,
                    COST + " (" + told + "): a cost is a finite number that is zero or more");
        }
    }

    @Test
    void aTextOfTenThousandDigitsIsABadRequestThatCutsItShort() {
        String digits = "7".repeat(10_000);

        assertBadRequest(
                application.get("/decimal?cost=-" + digits),
                "/decimal",
                COST + " (-" + "7".repeat(31) + "…): a cost is a finite number that is zero or more");
        for (String path : new String[] {"/double", "/parsed", "/resolved", "/function", "/filter"}) {
            assertBadRequest(
                    application.get(path + "?cost=" + digits),
                    path,
                    COST + " (Infinity): a cost is a finite number that is zero or more");
        }
        assertBadRequest(
                application.get("/parsed?cost=" + digits + "x"),
                "/parsed",
                COST + ": it cannot be computed from the values of the call (number format exception)");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            /divided?n=0           | its cost for limit "priced"      | arithmetic exception
            /indexed?n=7           | its key for limit "priced"       | collection index out of bounds
            /converted?text=secret | its key for limit "priced"       | type conversion error
            /cut?text=secret       | its key for limit "priced"       | string index out of bounds exception
            /condition?n=0         | its condition for limit "priced" | arithmetic exception
            /selected?n=7          | its limit                        | collection index out of bounds
            """)
    void anyExceptionOfAnExpressionOverRequestDataIsABadRequest(String path, String subject, String problem) {
        HttpResponse<String> response = application.get(path);

        assertBadRequest(
                response,
                path.substring(0, path.indexOf('?')),
                "The call cannot be counted, because " + subject
                        + " is invalid: it cannot be computed from the values of the call (" + problem + ")");
        assertThat(response.body()).doesNotContain("secret").doesNotContain("io.ratelimit");
    }

    @ParameterizedTest
    @ValueSource(strings = {"/bean?text=x", "/resolver?text=x"})
    void anExceptionOfABeanStaysAnErrorOfTheServer(String path) {
        assertThat(application.get(path).statusCode()).isEqualTo(500);
    }

    @ParameterizedTest
    @ValueSource(strings = {"/double", "/function", "/filter"})
    void twentyRequestsWithABadCostWriteAtMostThreeLogLines(String path, CapturedOutput output) {
        application.get(path + "?cost=1");
        int before = output.getAll().length();
        for (int i = 0; i < 20; i++) {
            assertThat(application.get(path + "?cost=-4711").statusCode()).isEqualTo(400);
        }

        assertThat(output.getAll().substring(before).lines())
                .hasSizeLessThanOrEqualTo(3)
                .allMatch(line -> line.contains("WARN") && line.contains("limit \"priced\""))
                .noneMatch(line -> line.contains("4711"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"/double", "/function", "/filter"})
    void aCostThatNoBucketHoldsIsRejectedForEver(String path) {
        HttpResponse<String> response = application.get(path + "?cost=1e300");

        assertThat(response.statusCode()).isEqualTo(429);
        assertThat(response.headers().firstValue("Retry-After")).isEmpty();
        assertThat(response.body()).contains("cost 9007199254740 or more, remaining ");
    }

    @Test
    void nothingIsCharged() {
        double before = remaining();
        application.get("/double?cost=-1");
        application.get("/divided?n=0");

        assertThat(remaining()).isGreaterThanOrEqualTo(before);
    }

    private double remaining() {
        return application
                .bean(RateLimiterRegistry.class)
                .get("priced")
                .peek(Charge.SHARED)
                .remaining();
    }

    private static void assertBadRequest(HttpResponse<String> response, String path, String detail) {
        assertThat(response.statusCode()).as(path).isEqualTo(400);
        assertThat(response.headers().firstValue("Content-Type")).hasValue("application/problem+json");
        assertThat(response.headers().firstValue("Retry-After")).isEmpty();
        JsonNode problem = JsonMapper.shared().readTree(response.body());
        assertThat(problem.path("title").asString()).isEqualTo("Bad Request");
        assertThat(problem.path("status").asInt()).isEqualTo(400);
        assertThat(problem.path("detail").asString()).isEqualTo(detail);
        assertThat(problem.path("instance").asString()).isEqualTo(path);
    }

    @EnableAutoConfiguration
    @Import({InvalidCallResponses.Calls.class, Prices.class, CostOfCall.class, NoCost.class})
    static class Application {

        @Bean
        Plans plans() {
            return new Plans();
        }
    }

    static class Plans {

        public String of(String text) {
            return String.valueOf(Integer.parseInt(text));
        }
    }

    static class CostOfCall implements CostResolver {

        @Override
        public Number cost(RateLimitedCall call) {
            return (Number) call.args()[0];
        }
    }

    static class NoCost implements CostResolver {

        @Override
        public Number cost(RateLimitedCall call) {
            throw new IllegalArgumentException("no price list");
        }
    }

    static class Prices {

        @RateLimited(limit = "priced", costExpression = "#cost")
        public void charge(double cost) {}
    }

    @RestController
    static class Calls {

        @GetMapping("/double")
        @RateLimited(limit = "priced", costExpression = "#cost")
        public void ofDouble(@RequestParam double cost) {}

        @GetMapping("/decimal")
        @RateLimited(limit = "priced", costExpression = "#cost")
        public void ofDecimal(@RequestParam BigDecimal cost) {}

        @GetMapping("/parsed")
        @RateLimited(limit = "priced", costExpression = "T(java.lang.Double).parseDouble(#cost)")
        public void parsed(@RequestParam String cost) {}

        @GetMapping("/resolved")
        @RateLimited(limit = "priced", costResolver = CostOfCall.class)
        public void resolved(@RequestParam double cost) {}

        @GetMapping("/divided")
        @RateLimited(limit = "priced", costExpression = "10 / #n")
        public void divided(@RequestParam int n) {}

        @GetMapping("/indexed")
        @RateLimited(limit = "priced", key = "{'ann', 'bob'}[#n]")
        public void indexed(@RequestParam int n) {}

        @GetMapping("/converted")
        @RateLimited(limit = "priced", key = "T(java.lang.Character).getName(#text)")
        public void converted(@RequestParam String text) {}

        @GetMapping("/cut")
        @RateLimited(limit = "priced", key = "#text.substring(10)")
        public void cut(@RequestParam String text) {}

        @GetMapping("/condition")
        @RateLimited(limit = "priced", condition = "10 / #n > 1")
        public void condition(@RequestParam int n) {}

        @GetMapping("/selected")
        @RateLimited(limitExpression = "{'priced', 'free'}[#n]")
        public void selected(@RequestParam int n) {}

        @GetMapping("/bean")
        @RateLimited(limit = "priced", key = "@plans.of(#text)")
        public void bean(@RequestParam String text) {}

        @GetMapping("/resolver")
        @RateLimited(limit = "priced", costResolver = NoCost.class)
        public void resolver(@RequestParam String text) {}
    }
}
