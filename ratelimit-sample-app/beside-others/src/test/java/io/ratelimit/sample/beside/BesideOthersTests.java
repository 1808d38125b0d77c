package io.ratelimit.sample.beside;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.giffing.bucket4j.spring.boot.starter.context.properties.Bucket4JBootProperties;
import io.micrometer.tracing.Tracer;
import io.ratelimit.RateLimitExceededException;
import io.ratelimit.RateLimiterRegistry;
import io.ratelimit.test.redis.RedisServer;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.boot.web.server.context.WebServerApplicationContext;
import org.springframework.cloud.context.refresh.ContextRefresher;
import org.springframework.context.ConfigurableApplicationContext;

/**
 * Our starter in an application with those of Resilience4j and Bucket4j, Spring Cloud Context, Micrometer Tracing,
 * Spring Session, springdoc and Spring for GraphQL.
 */
@Tag("server")
@ExtendWith(OutputCaptureExtension.class)
class BesideOthersTests {

    private static final HttpClient HTTP = HttpClient.newHttpClient();

    private static RedisServer redis;
    private static ConfigurableApplicationContext context;

    @BeforeAll
    static void start() {
        redis = RedisServer.start();
        context = new SpringApplicationBuilder(BesideOthersApplication.class)
                .properties(
                        "server.port=0",
                        "spring.data.redis.port=" + redis.port(),
                        "ratelimit.limits.two=2/1h",
                        "spring.cache.type=jcache",
                        "spring.cache.cache-names=buckets",
                        "bucket4j.filters[0].cache-name=buckets",
                        "bucket4j.filters[0].url=^(/theirs).*",
                        "bucket4j.filters[0].rate-limits[0].bandwidths[0].capacity=1",
                        "bucket4j.filters[0].rate-limits[0].bandwidths[0].time=1",
                        "bucket4j.filters[0].rate-limits[0].bandwidths[0].unit=hours",
                        "resilience4j.ratelimiter.instances.theirs.limit-for-period=1",
                        "resilience4j.ratelimiter.instances.theirs.limit-refresh-period=1h",
                        "resilience4j.ratelimiter.instances.theirs.timeout-duration=0")
                .run();
    }

    @AfterAll
    static void stop() {
        context.close();
        redis.close();
    }

    @Test
    void allOfThemAreThere() {
        assertThat(context.getBean(RateLimiterRegistry.class).store().name()).isEqualTo("redis");
        assertThat(context.getBean(io.github.resilience4j.ratelimiter.RateLimiterRegistry.class))
                .isNotNull();
        assertThat(context.getBean(Bucket4JBootProperties.class)).isNotNull();
        assertThat(context.getBean(Tracer.class)).isNotNull();
        assertThat(context.getBean(ContextRefresher.class)).isNotNull();
    }

    @Test
    void aHandlerOfSpringMvcIsLimited() {
        assertThat(get("/books?user=ann").statusCode()).isEqualTo(200);
        assertThat(get("/books?user=ann").statusCode()).isEqualTo(200);
        HttpResponse<String> rejected = get("/books?user=ann");
        assertThat(rejected.statusCode()).isEqualTo(429);
        assertThat(rejected.headers().firstValue("Retry-After")).isPresent();
        assertThat(rejected.body()).contains("Quota exceeded");
    }

    @Test
    void aHandlerHasTheSessionOfSpringSession() {
        HttpResponse<String> first = get("/visits");
        assertThat(first.body()).startsWith("org.springframework.session.");
        String cookie = first.headers().firstValue("Set-Cookie").orElseThrow().split(";")[0];
        assertThat(get("/visits", cookie).statusCode()).isEqualTo(200);
        assertThat(get("/visits", cookie).statusCode()).isEqualTo(429);
        assertThat(get("/visits").statusCode()).isEqualTo(200);
    }

    @Test
    void aQueryOfGraphQlIsRejectedWithAnErrorThatSaysSo(CapturedOutput output) {
        assertThat(query("1").body()).contains("\"book\":\"book 1\"");
        query("1");
        HttpResponse<String> rejected = query("1");
        assertThat(rejected.statusCode()).isEqualTo(200);
        assertThat(rejected.body())
                .contains(
                        "\"book\":null",
                        "Rate limit \\\"two\\\" (2/h) exceeded",
                        "\"path\":[\"book\"]",
                        "\"classification\":\"TOO_MANY_REQUESTS\"")
                .containsPattern("\"retryAfter\":1[78]\\d\\d\\b");
        assertThat(output).doesNotContain("\tat ");
    }

    @Test
    void aBeanOfTheRefreshScopeIsLimitedAfterARefreshToo() {
        BesideOthersApplication.Refreshed bean = context.getBean(BesideOthersApplication.Refreshed.class);
        int before = bean.call();
        context.getBean(org.springframework.cloud.context.scope.refresh.RefreshScope.class)
                .refreshAll();
        assertThat(bean.call()).isNotEqualTo(before);
        assertThatExceptionOfType(RateLimitExceededException.class).isThrownBy(bean::call);
    }

    @Test
    void theLimiterOfResilience4jLimitsToo() {
        assertThat(get("/both?user=eve").statusCode()).isEqualTo(200);
        assertThat(get("/both?user=eve").statusCode()).isEqualTo(500);
        assertThat(get("/both?user=eve").statusCode()).isEqualTo(429);
    }

    @Test
    void theFilterOfBucket4jLimitsToo() {
        assertThat(get("/theirs?user=eve").statusCode()).isEqualTo(200);
        HttpResponse<String> rejected = get("/theirs?user=eve");
        assertThat(rejected.statusCode()).isEqualTo(429);
        assertThat(rejected.headers().firstValue("RateLimit")).isEmpty();
    }

    @Test
    void theDocumentOfSpringdocHasTheHandlers() {
        HttpResponse<String> document = get("/v3/api-docs");
        assertThat(document.statusCode()).isEqualTo(200);
        assertThat(document.body()).contains("\"/books\"", "\"/both\"");
    }

    private static HttpResponse<String> query(String id) {
        return send(HttpRequest.newBuilder(uri("/graphql"))
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString("{\"query\": \"{ book(id: \\\"" + id + "\\\") }\"}")));
    }

    private static HttpResponse<String> get(String path, String... cookies) {
        HttpRequest.Builder request = HttpRequest.newBuilder(uri(path));
        for (String cookie : cookies) {
            request.header("Cookie", cookie);
        }
        return send(request);
    }

    private static URI uri(String path) {
        int port = ((WebServerApplicationContext) context).getWebServer().getPort();
        return URI.create("http://localhost:" + port + path);
    }

    private static HttpResponse<String> send(HttpRequest.Builder request) {
        try {
            return HTTP.send(request.build(), HttpResponse.BodyHandlers.ofString());
        } catch (IOException | InterruptedException ex) {
            throw new IllegalStateException(ex);
        }
    }
}
