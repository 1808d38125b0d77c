package io.ratelimit.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpResponse;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.WebApplicationType;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** The HTTP response to a rejected call, in any web framework. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class RejectionResponses {

    private static final String TYPES = "https://iana.org/assignments/http-problem-types";

    /** The running application, for tests of one framework only. */
    final RunningApplication application;

    RejectionResponses(WebApplicationType type, Class<?> calls) {
        this.application = RunningApplication.start(type, new String[0], Rejections.class, calls);
    }

    @AfterAll
    void stop() {
        application.close();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', nullValues = "none", textBlock = """
            one-rate   | 1    | "search";q=10;w=1                               | "search";r=0;t=1
            wrapped    | 1    | "search";q=10;w=1                               | "search";r=0;t=1
            long-wait  | 180  | "login";q=5;w=600                               | "login";r=0;t=180
            two-rates  | 1    | "report/1m";q=600;w=60, "report/1h";q=2000;w=3600 | "report/1m";r=0;t=1, "report/1h";r=400;t=1080
            odd-rates  | 2    | "odd/1s";q=1;w=2, "odd/100ms";q=100;w=1, "odd/1s500ms";q=4;w=2 | "odd/1s";r=0;t=2, "odd/100ms";r=8;t=1, "odd/1s500ms";r=2;t=1
            never      | none | "search";q=10;w=1                               | "search";r=10;t=0
            two-limits | 2    | "quote-all";q=20;w=10, "quote-user";q=5;w=10    | "quote-all";r=20;t=0, "quote-user";r=0;t=2
            two-keys   | 1    | "search";q=10;w=1                               | "search";r=0;t=1
            at-once    | 31   | "export";q=2;qu="concurrent-requests"           | "export";r=0
            at-once-briefly | 1 | "export";q=4;qu="concurrent-requests"         | "export";r=0
            at-once-and-rate | 1 | "export";q=3;qu="concurrent-requests", "search";q=10;w=1 | "export";r=3, "search";r=0;t=1
            by-hand    | 2    | none                                            | none
            """)
    void aRejectionHasTheTimeUntilARetry(String kind, String retryAfter, String policy, String limit) {
        HttpResponse<String> response = application.get("/plain/" + kind);

        assertThat(response.statusCode()).isEqualTo(429);
        assertThat(response.headers().firstValue("Content-Type")).hasValue("application/problem+json");
        assertThat(response.headers().firstValue("Retry-After").orElse(null)).isEqualTo(retryAfter);
        assertThat(response.headers().firstValue("RateLimit-Policy").orElse(null))
                .isEqualTo(policy);
        assertThat(response.headers().firstValue("RateLimit").orElse(null)).isEqualTo(limit);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            one-rate   | search     | Rate limit "search" (10/s) exceeded: cost 1, remaining 0, retry after 0.1s
            two-rates  | report/1m  | Rate limit "report" (600/m) exceeded: cost 2.5, remaining 0, retry after 0.3s
            two-limits | quote-user | Rate limit "quote-user" (5/10s) exceeded: cost 1, remaining 0, retry after 2s
            at-once    | export     | Rate limit "export" (2 at once) exceeded: cost 1, remaining 0.5, retry after 30.5s
            never      | search     | Rate limit "search" (10/s) exceeded: cost 11, remaining 10, never admitted
            by-hand    | partner    | Rate limit "partner" exceeded: retry after 1.1s
            """)
    void aRejectionIsAProblemThatNamesThePoliciesAndNoKey(String kind, String violated, String detail) {
        HttpResponse<String> response = application.get("/plain/" + kind);

        JsonNode problem = JsonMapper.shared().readTree(response.body());
        assertThat(problem.path("type").asString()).isEqualTo(TYPES + "#quota-exceeded");
        assertThat(problem.path("title").asString()).isEqualTo("Quota exceeded");
        assertThat(problem.path("status").asInt()).isEqualTo(429);
        assertThat(problem.path("detail").asString()).isEqualTo(detail);
        assertThat(problem.path("instance").asString()).isEqualTo("/plain/" + kind);
        assertThat(problem.path("violated-policies").toString()).isEqualTo("[\"" + violated + "\"]");
        assertThat(response.body()).doesNotContain("user-42");
    }

    @Test
    void aRejectionBecauseTheStoreFailedIsTemporary() {
        HttpResponse<String> response = application.get("/plain/store-down");

        assertThat(response.statusCode()).isEqualTo(503);
        assertThat(response.headers().firstValue("Content-Type")).hasValue("application/problem+json");
        assertThat(response.headers().firstValue("Retry-After")).hasValue("1");
        assertThat(response.headers().firstValue("RateLimit")).isEmpty();
        JsonNode problem = JsonMapper.shared().readTree(response.body());
        assertThat(problem.path("type").asString()).isEqualTo(TYPES + "#temporary-reduced-capacity");
        assertThat(problem.path("status").asInt()).isEqualTo(503);
        assertThat(problem.path("detail").asString())
                .isEqualTo("Rate limit \"search\" rejected the call: its store is unavailable");
    }

    @Test
    void anEmptyKeyIsABadRequest() {
        HttpResponse<String> response = application.get("/plain/empty-key");

        assertThat(response.statusCode()).isEqualTo(400);
        assertThat(response.headers().firstValue("Content-Type")).hasValue("application/problem+json");
        assertThat(response.headers().firstValue("Retry-After")).isEmpty();
        JsonNode problem = JsonMapper.shared().readTree(response.body());
        assertThat(problem.path("title").asString()).isEqualTo("Bad Request");
        assertThat(problem.path("detail").asString()).contains("the key of limit \"search\" is empty");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "one-rate",
                "wrapped",
                "two-rates",
                "never",
                "at-once",
                "by-hand",
                "store-down",
                "empty-key",
                "bad-cost"
            })
    void aRejectionInAFilterOrFunctionalEndpointIsAnsweredAsInAHandler(String kind) {
        HttpResponse<String> expected = application.get("/plain/" + kind);
        for (String path : List.of("/filter/", "/function/")) {
            HttpResponse<String> response = application.get(path + kind);

            assertThat(response.statusCode()).as(path).isEqualTo(expected.statusCode());
            assertThat(fields(response)).as(path).isEqualTo(fields(expected));
            assertThat(problem(response)).as(path).isEqualTo(problem(expected));
            assertThat(JsonMapper.shared()
                            .readTree(response.body())
                            .path("instance")
                            .asString())
                    .isEqualTo(path + kind);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"/filter/one-rate", "/function/one-rate"})
    void outsideAHandlerItIsAProblemWhateverTheCallerAccepts(String path) {
        HttpResponse<String> response = application.send(path, "GET", "Accept", "text/csv");

        assertThat(response.statusCode()).isEqualTo(429);
        assertThat(response.headers().firstValue("Content-Type")).hasValue("application/problem+json");
    }

    @Test
    void aHeadThatAFilterRejectsIsAnsweredWithoutABody() {
        HttpResponse<String> head = application.send("/filter/one-rate", "HEAD");

        assertThat(head.statusCode()).isEqualTo(429);
        assertThat(head.headers().firstValue("Retry-After")).hasValue("1");
        assertThat(head.body()).isEmpty();
    }

    @Test
    void anyOtherExceptionOfAFilterStaysAnErrorOfTheServer() {
        assertThat(application.get("/filter/other").statusCode()).isEqualTo(500);
    }

    @ParameterizedTest
    @ValueSource(ints = {401, 403, 500})
    void anAnswerOfAFilterThatCaughtTheRejectionStays(int status) {
        assertThat(application.get("/caught/" + status).statusCode()).isEqualTo(status);
    }

    @Test
    void aResponseThatIsUnderWayStays() {
        HttpResponse<String> response = application.get("/committed");

        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(response.body()).isEqualTo("done");
    }

    private static Map<String, List<String>> fields(HttpResponse<String> response) {
        Map<String, List<String>> fields = new TreeMap<>();
        for (String name : List.of("content-type", "retry-after", "ratelimit", "ratelimit-policy")) {
            fields.put(name, response.headers().allValues(name));
        }
        return fields;
    }

    private static JsonNode problem(HttpResponse<String> response) {
        return ((ObjectNode) JsonMapper.shared().readTree(response.body())).without("instance");
    }

    @Test
    void headIsAnsweredLikeGetWithoutABody() {
        HttpResponse<String> response = application.send("/plain/one-rate", "HEAD");

        assertThat(response.statusCode()).isEqualTo(429);
        assertThat(response.headers().firstValue("Retry-After")).hasValue("1");
        assertThat(response.headers().firstValue("RateLimit")).hasValue("\"search\";r=0;t=1");
        assertThat(response.body()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"/plain/one-rate", "/csv/one-rate"})
    void itIsAProblemWhateverTheCallerAccepts(String path) {
        HttpResponse<String> response = application.send(path, "GET", "Accept", "text/csv");

        assertThat(response.statusCode()).isEqualTo(429);
        assertThat(response.headers().firstValue("Content-Type")).hasValue("application/problem+json");
        assertThat(response.headers().firstValue("Retry-After")).hasValue("1");
    }

    @Test
    void anAdviceForAllExceptionsKeepsTheOthers() {
        HttpResponse<String> response = application.get("/plain/other");

        assertThat(response.statusCode()).isEqualTo(500);
        assertThat(response.body()).isEqualTo("caught all");
    }

    @Test
    void anAdviceWithALowerOrderTakesOver() {
        HttpResponse<String> response = application.get("/own/one-rate");

        assertThat(response.statusCode()).isEqualTo(420);
        assertThat(response.body()).isEqualTo("search");
    }

    /** Sends a call to a path of one framework only. */
    void assertRejected(String path) {
        HttpResponse<String> response = application.get(path);

        assertThat(response.statusCode()).isEqualTo(429);
        assertThat(response.headers().map().get("retry-after")).isEqualTo(List.of("1"));
        assertThat(response.headers().firstValue("RateLimit")).hasValue("\"search\";r=0;t=1");
        assertThat(response.body()).contains("violated-policies");
    }
}
