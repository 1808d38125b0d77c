package io.ratelimit.remote;

import static org.assertj.core.api.Assertions.assertThat;

import io.ratelimit.StoreUnavailableException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class StoreOutageLoggerTests {

    private static final StoreUnavailableException DOWN = new StoreUnavailableException("no connection", null);
    private static final String UNAVAILABLE =
            "WARNING The rate limit store \"redis\" is unavailable, each limit follows its on-store-failure policy: no connection";
    private static final String AVAILABLE = "INFO The rate limit store \"redis\" is available again";

    private final Logger logger = Logger.getLogger(StoreOutageLoggerTests.class.getName());
    private final List<String> lines = new ArrayList<>();
    private final Handler handler = new Handler() {
        @Override
        public void publish(LogRecord line) {
            lines.add(line.getLevel() + " " + line.getMessage());
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
    };
    private final VirtualSchedule time = new VirtualSchedule();
    private final StoreOutageLogger log =
            new StoreOutageLogger("redis", System.getLogger(StoreOutageLoggerTests.class.getName()), time);

    @BeforeEach
    void listen() {
        logger.addHandler(handler);
    }

    @AfterEach
    void unlisten() {
        logger.removeHandler(handler);
    }

    @Test
    void logsOneLineForAnOutageAndOneForItsEnd() {
        for (int i = 0; i < 1_000; i++) {
            log.failed(DOWN);
        }
        time.advance(Duration.ofSeconds(2));
        log.failed(DOWN);
        for (int i = 0; i < 1_000; i++) {
            log.answered();
        }
        assertThat(log.reason()).isEmpty();
        time.advance(Duration.ofSeconds(1));

        assertThat(lines).containsExactly(UNAVAILABLE, AVAILABLE);
        time.advance(Duration.ofHours(1));
        assertThat(lines).hasSize(2);
    }

    @Test
    void logsOneLineAMinuteWhileAnOutageLasts() {
        log.failed(DOWN);
        time.advance(Duration.ofSeconds(59));
        assertThat(lines).containsExactly(UNAVAILABLE);
        log.failed(new StoreUnavailableException("no answer within 250 ms", null));

        time.advance(Duration.ofSeconds(70));

        assertThat(lines)
                .containsExactly(
                        UNAVAILABLE,
                        "WARNING The rate limit store \"redis\" still fails calls after 1 min: no answer within 250 ms",
                        "WARNING The rate limit store \"redis\" still fails calls after 2 min: no answer within 250 ms");
    }

    @Test
    void aStoreThatAnswersNowAndThenIsOneOutage() {
        for (int millis = 0; millis < 3_000; millis++) {
            log.failed(DOWN);
            log.answered();
            time.advance(Duration.ofMillis(1));
        }
        assertThat(lines).containsExactly(UNAVAILABLE);

        assertThat(time.pending()).as("one check and one reminder").isEqualTo(2);
        time.advance(Duration.ofSeconds(2));
        assertThat(lines).containsExactly(UNAVAILABLE, AVAILABLE);
        log.failed(DOWN);
        assertThat(lines).containsExactly(UNAVAILABLE, AVAILABLE, UNAVAILABLE);
    }

    /** Runs tasks when its time has come. */
    private static final class VirtualSchedule implements StoreOutageLogger.Schedule {

        private final PriorityQueue<Task> tasks = new PriorityQueue<>(Comparator.comparingLong(Task::nanos));
        private long now;

        @Override
        public Future<?> after(long nanos, Runnable task) {
            FutureTask<?> future = new FutureTask<>(task, null);
            tasks.add(new Task(now + nanos, future));
            return future;
        }

        int pending() {
            return tasks.size();
        }

        void advance(Duration duration) {
            long end = now + duration.toNanos();
            for (Task task = tasks.peek(); task != null && task.nanos() <= end; task = tasks.peek()) {
                tasks.remove();
                now = task.nanos();
                task.run().run();
            }
            now = end;
        }

        private record Task(long nanos, FutureTask<?> run) {}
    }
}
