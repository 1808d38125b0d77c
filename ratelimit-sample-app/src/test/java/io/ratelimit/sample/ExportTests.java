package io.ratelimit.sample;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.ratelimit.RateLimiterRegistry;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.web.server.LocalServerPort;

/** Exports over real HTTP, of which a user may have two at the same time. */
@SpringBootTest(
        webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT,
        properties = "spring.datasource.generate-unique-name=true")
@Timeout(120)
@Tag("aot")
@Tag("slow")
class ExportTests {

    private static final Duration SOON = Duration.ofSeconds(30);

    private final HttpClient client = HttpClient.newHttpClient();

    @LocalServerPort
    int port;

    @Autowired
    RateLimiterRegistry registry;

    @Test
    void aThirdExportWaitsUntilAnotherEndsAndAFourthIsRejectedAfterItsMaximumWait() throws Exception {
        try (Reader endless = new Reader("ann", 5000)) {
            CompletableFuture<HttpResponse<String>> brief = export("ann", 150);
            await().atMost(SOON).until(() -> free("ann") == 0);

            CompletableFuture<HttpResponse<String>> third = export("ann", 800);
            assertThat(export("bob", 3))
                    .succeedsWithin(SOON)
                    .satisfies(other -> assertThat(other.body()).hasLineCount(3));
            assertThat(brief).succeedsWithin(SOON).satisfies(response -> {
                assertThat(response.statusCode()).isEqualTo(200);
                assertThat(response.headers().firstValue("Content-Type")).hasValue("application/x-ndjson");
                assertThat(response.body()).hasLineCount(150).startsWith("{\"id\":1,\"name\"");
            });
            await().atMost(SOON).until(() -> free("ann") == 0);

            long start = System.nanoTime();
            HttpResponse<String> fourth = export("ann", 1).join();
            assertThat(System.nanoTime() - start).isGreaterThan(TimeUnit.MILLISECONDS.toNanos(4_900));
            assertThat(fourth.statusCode()).isEqualTo(429);
            assertThat(fourth.headers().firstValue("Content-Type")).hasValue("application/problem+json");
            assertThat(fourth.headers().firstValue("RateLimit-Policy"))
                    .hasValue("\"export\";q=2;qu=\"concurrent-requests\"");
            assertThat(fourth.headers().firstValue("RateLimit")).hasValue("\"export\";r=0");
            assertThat(Integer.parseInt(
                            fourth.headers().firstValue("Retry-After").orElseThrow()))
                    .isBetween(1, 30);
            assertThat(fourth.body())
                    .contains("not free within the max-wait of 5s")
                    .doesNotContain("ann");

            assertThat(endless.line()).startsWith("{\"id\"");
            assertThat(third)
                    .succeedsWithin(SOON)
                    .satisfies(response -> assertThat(response.body()).hasLineCount(800));
        }
    }

    @Test
    void aClientThatDisconnectsDuringAnExportReleasesItsPermit() throws Exception {
        try (Reader one = new Reader("eve", 5000);
                Reader other = new Reader("eve", 5000)) {
            CompletableFuture<HttpResponse<String>> third = export("eve", 2);
            assertThat(free("eve")).isZero();
            one.disconnect();
            assertThat(third)
                    .succeedsWithin(SOON)
                    .satisfies(response -> assertThat(response.body()).hasLineCount(2));
            assertThat(other.line()).startsWith("{\"id\"");
        }
        await().atMost(SOON).until(() -> free("eve") == 2);
    }

    private double free(String user) {
        return registry.get("export").peek(user).remaining();
    }

    private CompletableFuture<HttpResponse<String>> export(String user, int rows) {
        return client.sendAsync(
                HttpRequest.newBuilder(URI.create("http://localhost:" + port + "/export?rows=" + rows))
                        .header("X-User", user)
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }

    /** A client that reads the first row on creation, and disconnects when it is closed. */
    private final class Reader implements AutoCloseable {

        private final Socket socket;
        private final BufferedReader lines;

        Reader(String user, int rows) throws IOException {
            socket = new Socket("localhost", port);
            OutputStream out = socket.getOutputStream();
            out.write(("GET /export?rows=" + rows + " HTTP/1.1\r\nHost: localhost\r\nX-User: " + user + "\r\n\r\n")
                    .getBytes(StandardCharsets.US_ASCII));
            lines = new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
            line();
        }

        /** Returns the next row without the framing of HTTP chunks. */
        String line() throws IOException {
            String line = lines.readLine();
            while (line != null && !line.startsWith("{")) {
                line = lines.readLine();
            }
            return line;
        }

        void disconnect() throws IOException {
            socket.setSoLinger(true, 0);
            socket.close();
        }

        @Override
        public void close() throws IOException {
            if (!socket.isClosed()) {
                disconnect();
            }
        }
    }
}
