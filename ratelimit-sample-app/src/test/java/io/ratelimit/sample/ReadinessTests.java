package io.ratelimit.sample;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.ratelimit.test.redis.RedisServer;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.web.server.context.WebServerApplicationContext;
import org.springframework.context.ConfigurableApplicationContext;

/** The readiness probe that docs/reliability.md recommends for taking a node out of service. */
class ReadinessTests {

    private final HttpClient client = HttpClient.newHttpClient();

    @Test
    void readinessFollowsRedisIfConfiguredAndTheApplicationStaysHealthy(@TempDir Path directory) throws Exception {
        String page = Files.readString(Path.of("..", "docs", "reliability.md"));
        String yaml = page.substring(page.indexOf("```yaml") + 7, page.lastIndexOf("```"));
        Path file = Files.writeString(directory.resolve("readiness.yml"), yaml);
        try (RedisServer redis = RedisServer.start();
                ConfigurableApplicationContext application = new SpringApplicationBuilder(SampleApplication.class)
                        .run(
                                "--server.port=0",
                                "--ratelimit.store=redis",
                                "--spring.data.redis.port=" + redis.port(),
                                "--spring.config.import=" + file.toUri(),
                                "--spring.datasource.generate-unique-name=true")) {
            int port =
                    ((WebServerApplicationContext) application).getWebServer().getPort();
            await().untilAsserted(() -> {
                assertThat(status(port, "/search?q=sofa")).isEqualTo(200);
                assertThat(status(port, "/actuator/health/readiness")).isEqualTo(200);
            });
            redis.kill();
            await().untilAsserted(() -> {
                assertThat(status(port, "/search?q=sofa")).isIn(200, 429);
                assertThat(status(port, "/actuator/health/readiness")).isEqualTo(503);
            });
            assertThat(status(port, "/actuator/health")).isEqualTo(200);
        }
    }

    private int status(int port, String path) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://localhost:" + port + path))
                .header("X-User", "ann")
                .build();
        return client.send(request, HttpResponse.BodyHandlers.discarding()).statusCode();
    }
}
