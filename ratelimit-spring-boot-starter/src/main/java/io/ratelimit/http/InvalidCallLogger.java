package io.ratelimit.http;

import io.ratelimit.EmptyKeyException;
import io.ratelimit.expression.InvalidCallException;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongSupplier;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

/**
 * Logs calls with invalid values and with empty keys: at most one line a second for each limit, without a stack trace
 * and without the values. Only the last 1,000 limits with such calls are remembered, as limits may come and go.
 */
final class InvalidCallLogger {

    private static final Log LOG = LogFactory.getLog(InvalidCallLogger.class);
    private static final long LOG_INTERVAL_NANOS = 1_000_000_000;
    private static final int MAX_LIMITS = 1_000;

    private final LongSupplier clock;
    private final Map<String, Lines> lines = Collections.synchronizedMap(new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Lines> eldest) {
            return size() > MAX_LIMITS;
        }
    });

    InvalidCallLogger(LongSupplier nanoClock) {
        this.clock = nanoClock;
    }

    void log(EmptyKeyException ex) {
        lines.computeIfAbsent(ex.getLimit(), limit -> new Lines())
                .log("key for limit \"" + ex.getLimit() + "\": it is null or blank, or has a null part");
    }

    void log(InvalidCallException ex) {
        String subject = ex.getPlace()
                + ex.getLimit().map(limit -> " for limit \"" + limit + "\"").orElse("");
        lines.computeIfAbsent(ex.getLimit().orElse(ex.getPlace()), limit -> new Lines())
                .log(subject + ": " + ex.getRule());
    }

    /** The lines about one limit. */
    private final class Lines {

        private long loggedAt = clock.getAsLong() - LOG_INTERVAL_NANOS;
        private long omitted;

        void log(String reason) {
            String line;
            synchronized (this) {
                long now = clock.getAsLong();
                if (now - loggedAt < LOG_INTERVAL_NANOS) {
                    omitted++;
                    return;
                }
                line = "Answered a call with 400, because its values give no valid " + reason
                        + (omitted == 0 ? "" : "; " + omitted + " more since the last such line");
                loggedAt = now;
                omitted = 0;
            }
            LOG.warn(line);
        }
    }
}
