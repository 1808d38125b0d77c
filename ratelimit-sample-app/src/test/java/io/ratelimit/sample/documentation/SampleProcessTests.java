package io.ratelimit.sample.documentation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.ratelimit.sample.SampleProcess;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The sample in a JVM of its own over real HTTP; with the profile {@code aot}, as it was processed ahead of time. */
@Tag("compatibility")
@Tag("aot")
class SampleProcessTests {

    @TempDir
    static Path directory;

    private static SampleProcess sample;
    private static int port;

    @BeforeAll
    static void start() throws Exception {
        sample = SampleProcess.start(directory);
        port = sample.port();
    }

    @AfterAll
    static void stop() throws Exception {
        sample.close();
    }

    @Test
    void theSampleWasProcessedAheadOfTimeIfThatIsWanted() {
        assertThat(sample.printed().contains("Starting AOT-processed SampleApplication"))
                .isEqualTo(SampleProcess.isAheadOfTime());
    }

    /** A token comes back each second, so a slow machine exhausts the limit again. */
    @Test
    void theSessionOfTheReadmeAnswersAsPrintedButForNumbers() throws Exception {
        List<Exchange> session = session();
        assertThat(session).hasSize(7);
        await().atMost(Duration.ofMinutes(1)).untilAsserted(() -> {
            assertThat(session.get(0).answered()).startsWith("200 ").endsWith("429");
            assertThat(session.get(1).answered()).isEqualTo(session.get(1).printed());
        });
        for (Exchange exchange : session.subList(2, session.size())) {
            assertThat(exchange.answered()).isEqualTo(exchange.printed());
        }
    }

    @Test
    void theSixthPasswordWithinTenMinutesIsRejected() throws Exception {
        String login = "curl -s -w '%{http_code}' -H 'Content-Type: application/json'"
                + " -d '{\"user\":\"ann\",\"password\":\"wrong\"}' localhost:8080/login";
        for (int i = 0; i < 5; i++) {
            assertThat(run(login)).isEqualTo("401");
        }
        assertThat(run(login)).isEqualTo("429");
    }

    @Test
    void completionsAreChargedWhatTheyUsedAndNotWhatTheyReserved() throws Exception {
        String complete = "curl -s -H 'Content-Type: application/json'"
                + " -d '{\"tenant\":\"acme\",\"prompt\":\"a blue sofa\"}' localhost:8080/complete";
        for (int i = 0; i < 10; i++) {
            assertThat(run(complete)).contains("\"tokens\":14");
        }
        assertThat(sample.printed()).doesNotContain("settle");
    }

    @Test
    void aReportBeyondItsBurstIsRejectedAndAnInvalidOneIsAnswered400() throws Exception {
        assertThat(report(60_000)).isEqualTo("200");
        assertThat(report(60_000)).isEqualTo("429");
        assertThat(report(-1)).isEqualTo("400");
    }

    private static String report(int rows) throws Exception {
        return run("curl -s -w '%{http_code}' -H 'Content-Type: application/json' -d '{\"tenant\":\"acme\",\"rows\":"
                + rows + "}' localhost:8080/reports");
    }

    @Test
    void aRedisThatIsNamedTooLateStopsTheStartOrIsUsed(@TempDir Path output) throws Exception {
        try (SampleProcess other = SampleProcess.start(output, "--ratelimit.store=redis")) {
            if (SampleProcess.isAheadOfTime()) {
                assertThat(other.process().waitFor(1, TimeUnit.MINUTES)).isTrue();
                assertThat(other.printed())
                        .contains("ratelimit.store", "process the application with ratelimit.store=redis");
            } else {
                other.port();
                assertThat(other.printed()).contains("store redis");
            }
        }
    }

    private static String run(String command) throws Exception {
        return Curl.run(command, port).strip();
    }

    /** The commands of the README's session with what they print. */
    private static List<Exchange> session() {
        List<Exchange> session = new ArrayList<>();
        for (Page.Block block : Page.of("README.md").blocks("console")) {
            for (String exchange : block.text().split("(?m)^\\$ ")) {
                if (!exchange.isBlank()) {
                    String[] parts = exchange.split("\n", 2);
                    session.add(new Exchange(
                            parts[0],
                            withoutNumbers(Curl.withoutOtherHeaders(parts[1]).strip())));
                }
            }
        }
        return session;
    }

    private static String withoutNumbers(String text) {
        return text.startsWith("200 ") ? text : text.replaceAll("\\d+(\\.\\d+)?", "#");
    }

    private record Exchange(String command, String printed) {

        String answered() throws Exception {
            return withoutNumbers(run(command));
        }
    }
}
