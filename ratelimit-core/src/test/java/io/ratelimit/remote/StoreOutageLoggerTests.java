package io.ratelimit.remote;

import static org.assertj.core.api.Assertions.assertThat;

import io.ratelimit.StoreUnavailableException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class StoreOutageLoggerTests {

    private static final StoreUnavailableException DOWN = new StoreUnavailableException("no connection", null);

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
    private final AtomicLong nanos = new AtomicLong();
    private final StoreOutageLogger log =
            new StoreOutageLogger("redis", System.getLogger(StoreOutageLoggerTests.class.getName()), nanos::get);

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
        nanos.addAndGet(2_000_000_000);
        log.failed(DOWN);
        for (int i = 0; i < 1_000; i++) {
            log.answered();
        }
        assertThat(lines)
                .containsExactly(
                        "WARNING The rate limit store \"redis\" is unavailable, each limit follows its on-store-failure policy: no connection",
                        "INFO The rate limit store \"redis\" is available again");
    }

    @Test
    void anUnsteadyStoreIsLoggedAtMostOnceASecond() {
        for (int millis = 0; millis < 3_000; millis++) {
            log.failed(DOWN);
            log.answered();
            nanos.addAndGet(1_000_000);
        }
        assertThat(lines).hasSize(3);
    }
}
