package io.ratelimit.sample;

import static org.assertj.core.api.Assertions.assertThat;

import io.ratelimit.RateLimitStore;
import io.ratelimit.memory.InMemoryRateLimitStore;
import io.ratelimit.test.VirtualClock;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.TestConfiguration;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.context.annotation.Bean;

/** The sample over real HTTP, with limits in memory on a clock that stands still. */
@Tag("compatibility")
@Tag("aot")
@SpringBootTest(webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT)
class SampleApplicationTests {

    private final HttpClient client = HttpClient.newHttpClient();

    @LocalServerPort
    int port;

    @Test
    void tenOfElevenSearchesAreAnsweredAndOneIsRejectedWith429() {
        send(get("/search?q=sofa", "warm-up"));
        List<CompletableFuture<HttpResponse<String>>> calls = new ArrayList<>();
        for (int i = 0; i < 11; i++) {
            calls.add(client.sendAsync(get("/search?q=sofa", "eleven"), HttpResponse.BodyHandlers.ofString()));
        }
        List<HttpResponse<String>> answers =
                calls.stream().map(CompletableFuture::join).toList();

        assertThat(answers)
                .filteredOn(answer -> answer.statusCode() == 200)
                .hasSize(10)
                .allSatisfy(answer -> assertThat(answer.body()).contains("sofa"));
        assertThat(answers)
                .filteredOn(answer -> answer.statusCode() == 429)
                .singleElement()
                .satisfies(answer -> {
                    assertThat(answer.headers().firstValue("Retry-After")).contains("1");
                    assertThat(answer.headers().firstValue("Content-Type")).contains("application/problem+json");
                    assertThat(answer.body()).contains("quota-exceeded").doesNotContain("eleven");
                });
        assertThat(send(get("/actuator/metrics/ratelimit.decisions?tag=limit:search&tag=outcome:rejected", "-"))
                        .body())
                .contains("\"value\":1.0");
        assertThat(send(get("/actuator/metrics/ratelimit.decisions?tag=limit:search&tag=outcome:admitted", "-"))
                        .body())
                .contains("\"value\":11.0");
        assertThat(send(get("/actuator/ratelimits", "-")).body()).contains("Catalogue#search");
    }

    @Test
    void aReportCostsItsRowsAndIsRejectedOnceTheBurstIsConsumed() {
        assertThat(send(report("acme", 60_000)).statusCode()).isEqualTo(200);
        assertThat(send(report("acme", 60_000)).statusCode()).isEqualTo(429);
        assertThat(send(report("umbrella", 250)).body()).contains("seating");
        assertThat(send(report("umbrella", -1)).statusCode()).isEqualTo(400);
        HttpResponse<String> never = send(report("umbrella", 100_100));
        assertThat(never.statusCode()).isEqualTo(429);
        assertThat(never.headers().firstValue("Retry-After")).isEmpty();
    }

    @Test
    void aRejectedQuoteOfAUserConsumesNothingOfTheSharedLimit() {
        for (int i = 0; i < 5; i++) {
            assertThat(send(get("/quote", "greedy")).statusCode()).isEqualTo(200);
        }
        for (int i = 0; i < 20; i++) {
            send(get("/quote", "greedy"));
        }
        assertThat(send(get("/quote", "modest")).statusCode()).isEqualTo(200);
    }

    @Test
    void theSixthPasswordWithinTenMinutesIsRejectedUnchecked() {
        assertThat(send(login("ann", "blue sofa")).statusCode()).isEqualTo(204);
        for (int i = 0; i < 4; i++) {
            assertThat(send(login("ann", "wrong " + i)).statusCode()).isEqualTo(401);
        }
        HttpResponse<String> rejected = send(login("ann", "blue sofa"));
        assertThat(rejected.statusCode()).isEqualTo(429);
        assertThat(rejected.headers().firstValue("Retry-After")).contains("600");
        assertThat(send(login("bob", "red lamp")).statusCode()).isEqualTo(204);
    }

    @Test
    void aCompletionCostsTheTokensItUsedAndNotThoseItReserved() {
        for (int i = 0; i < 10; i++) {
            assertThat(send(complete("acme", "a blue sofa")).body()).contains("sofa", "\"tokens\":14");
        }
        assertThat(send(get("/actuator/ratelimits/tokens/acme", "-")).body()).contains("\"remaining\":860.0");
    }

    private HttpResponse<String> send(HttpRequest request) {
        return client.sendAsync(request, HttpResponse.BodyHandlers.ofString()).join();
    }

    private HttpRequest get(String path, String user) {
        return HttpRequest.newBuilder(uri(path)).header("X-User", user).build();
    }

    private HttpRequest report(String tenant, int rows) {
        return post("/reports", "{\"tenant\": \"" + tenant + "\", \"rows\": " + rows + "}");
    }

    private HttpRequest login(String user, String password) {
        return post("/login", "{\"user\": \"" + user + "\", \"password\": \"" + password + "\"}");
    }

    private HttpRequest complete(String tenant, String prompt) {
        return post("/complete", "{\"tenant\": \"" + tenant + "\", \"prompt\": \"" + prompt + "\"}");
    }

    private HttpRequest post(String path, String json) {
        return HttpRequest.newBuilder(uri(path))
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(json))
                .build();
    }

    private URI uri(String path) {
        return URI.create("http://localhost:" + port + path);
    }

    @TestConfiguration(proxyBeanMethods = false)
    static class FrozenTime {

        @Bean
        RateLimitStore rateLimitStore() {
            return InMemoryRateLimitStore.create(new VirtualClock(), 1_000);
        }
    }
}
