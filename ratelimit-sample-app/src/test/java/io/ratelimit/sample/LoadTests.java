package io.ratelimit.sample;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.random.RandomGenerator;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The sample under load, in a JVM of its own: neither its heap, its threads, its meters nor its log grows.
 *
 * <p>Runs only if the property {@code io.ratelimit.load} says for how long, such as {@code PT2H}. The property
 * {@code io.ratelimit.load.callers} tells the number of callers, which is 4 by default.
 */
@EnabledIfSystemProperty(named = "io.ratelimit.load", matches = ".+")
class LoadTests {

    private static final Duration LOAD = Duration.parse(System.getProperty("io.ratelimit.load", "PT0S"));
    private static final int CALLERS = Integer.getInteger("io.ratelimit.load.callers", 4);

    /** Tomcat logs lines at INFO when clients disconnect, without rate limits too. */
    private static final Pattern LOG_LINE = Pattern.compile("^\\S+ +(WARN|ERROR) | i(o)?\\.ratelimit\\.");

    /** The users that call again and again. Others search once, and never come back. */
    private static final int REGULAR_USERS = 200;

    private final HttpClient client = HttpClient.newHttpClient();
    private final AtomicLong visitors = new AtomicLong();
    private final Map<Integer, LongAdder> statuses = new ConcurrentSkipListMap<>();
    private SampleProcess sample;
    private int port;

    @BeforeEach
    void start(@TempDir Path directory) throws Exception {
        sample = SampleProcess.start(directory);
        port = sample.port();
    }

    @AfterEach
    void stop() {
        sample.close();
    }

    @Test
    void aLoadOfAllEndpointsLeavesHeapThreadsMetersAndLogAsTheyWere() throws Exception {
        for (int user = 0; user < REGULAR_USERS; user++) {
            callEachEndpoint("user-" + user);
        }
        load(Duration.ofSeconds(5));
        Figures before = figures();
        statuses.clear();
        load(LOAD);
        Figures after = figures();

        System.out.printf(
                "%s of load by %d callers, answers by status: %s%n| | before | after |%n|---|--:|--:|%n",
                LOAD, CALLERS, statuses);
        before.rows()
                .forEach((name, value) -> System.out.printf(
                        "| %s | %d | %d |%n", name, value, after.rows().get(name)));

        assertThat(statuses.keySet()).as("statuses").isSubsetOf(200, 401, 429).contains(200, 429);
        assertThat(after.heapBytes()).as("heap").isLessThan(before.heapBytes() * 5 / 4);
        assertThat(after.threads()).as("threads").isLessThanOrEqualTo(before.threads() + 5);
        assertThat(after.meters()).as("meters").isLessThanOrEqualTo(before.meters());
        assertThat(after.logLines()).as(sample.printed()).isEqualTo(before.logLines());
    }

    private void load(Duration duration) throws Exception {
        ExecutorService callers = Executors.newFixedThreadPool(CALLERS);
        try {
            long end = System.nanoTime() + duration.toNanos();
            List<Future<?>> running = new ArrayList<>();
            for (int caller = 0; caller < CALLERS; caller++) {
                running.add(callers.submit(() -> {
                    while (System.nanoTime() < end) {
                        callOnce();
                    }
                    return null;
                }));
            }
            for (Future<?> caller : running) {
                caller.get();
            }
        } finally {
            callers.shutdownNow();
        }
    }

    private void callOnce() throws Exception {
        RandomGenerator random = RandomGenerator.getDefault();
        String user = "user-" + random.nextInt(REGULAR_USERS);
        switch (random.nextInt(100)) {
            case 0 -> logIn(user);
            case 1 -> leaveExport(user);
            case 2, 3, 4 -> complete(user);
            case 5, 6, 7, 8, 9 -> report(user);
            default -> {
                if (random.nextInt(10) < 4) {
                    get("/search?q=sofa", "visitor-" + visitors.incrementAndGet());
                } else {
                    get(random.nextBoolean() ? "/search?q=sofa" : "/quote", user);
                }
            }
        }
    }

    private void callEachEndpoint(String user) throws Exception {
        get("/search?q=sofa", user);
        get("/quote", user);
        report(user);
        complete(user);
        logIn(user);
        leaveExport(user);
    }

    private void get(String path, String user) throws Exception {
        count(client.send(request(path, user).build(), BodyHandlers.discarding()));
    }

    private void report(String tenant) throws Exception {
        post("/reports", "{\"tenant\":\"%s\",\"rows\":1000}".formatted(tenant));
    }

    private void complete(String tenant) throws Exception {
        post("/complete", "{\"tenant\":\"%s\",\"prompt\":\"a blue sofa\"}".formatted(tenant));
    }

    private void logIn(String user) throws Exception {
        post("/login", "{\"user\":\"%s\",\"password\":\"wrong\"}".formatted(user));
    }

    private void post(String path, String body) throws Exception {
        HttpRequest request = request(path, "anonymous")
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .build();
        count(client.send(request, BodyHandlers.discarding()));
    }

    /** Begins an export that would last for most of a minute, and disconnects. */
    private void leaveExport(String user) throws Exception {
        HttpResponse<InputStream> export =
                client.send(request("/export?rows=5000", user).build(), BodyHandlers.ofInputStream());
        count(export);
        export.body().read();
        export.body().close();
    }

    private HttpRequest.Builder request(String path, String user) {
        return HttpRequest.newBuilder(URI.create("http://localhost:" + port + path))
                .header("X-User", user)
                .timeout(Duration.ofMinutes(1));
    }

    private void count(HttpResponse<?> response) {
        statuses.computeIfAbsent(response.statusCode(), status -> new LongAdder())
                .increment();
    }

    private Figures figures() throws Exception {
        // Visitors are forgotten once their bucket is full and was swept, each within ten seconds.
        Thread.sleep(Duration.ofSeconds(25).toMillis());
        return new Figures(
                liveBytes(),
                measured("jvm.threads.live"),
                meters(),
                sample.printed().lines().count());
    }

    /** Returns the bytes of all objects that are reachable. */
    private long liveBytes() throws Exception {
        Process histogram = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "jcmd").toString(),
                        Long.toString(sample.process().pid()),
                        "GC.class_histogram")
                .redirectErrorStream(true)
                .start();
        String printed = new String(histogram.getInputStream().readAllBytes());
        String total = printed.lines()
                .filter(line -> line.startsWith("Total"))
                .findFirst()
                .orElseThrow();
        return Long.parseLong(total.split("\\s+")[2]);
    }

    private long measured(String meter) throws Exception {
        return json("/actuator/metrics/" + meter).at("/measurements/0/value").asLong();
    }

    /** Returns the number of meters with each of their tags' values. */
    private long meters() throws Exception {
        long meters = 0;
        for (JsonNode name : json("/actuator/metrics").path("names")) {
            meters++;
            for (JsonNode tag : json("/actuator/metrics/" + name.asString()).path("availableTags")) {
                meters += tag.path("values").size();
            }
        }
        return meters;
    }

    /** Returns the number of warnings and errors, and of all lines of this library. */
    private long logLines() {
        return sample.printed()
                .lines()
                .filter(line -> LOG_LINE.matcher(line).find())
                .count();
    }

    private JsonNode json(String path) throws IOException, InterruptedException {
        return JsonMapper.shared()
                .readTree(client.send(request(path, "anonymous").build(), BodyHandlers.ofString())
                        .body());
    }

    private record Figures(long heapBytes, long threads, long meters, long logLines) {

        Map<String, Long> rows() {
            Map<String, Long> rows = new TreeMap<>();
            rows.put("live heap, kB", heapBytes / 1024);
            rows.put("threads", threads);
            rows.put("meters and values of their tags", meters);
            rows.put("lines of log from WARN, or of the library", logLines);
            return rows;
        }
    }
}
