package io.ratelimit.aop;

import io.ratelimit.RateLimiterRegistry;
import java.util.Collection;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.springframework.beans.factory.ObjectProvider;

/** Logs the limits that annotations name and that are not defined, while limiting is switched off. */
final class MissingLimitLogger {

    private static final Log LOG = LogFactory.getLog(MissingLimitLogger.class);

    private MissingLimitLogger() {}

    /** Logs one warning that names all missing limits with their methods; none if all are defined. */
    static void log(Collection<MethodAdvice> advised, ObjectProvider<RateLimiterRegistry> registry) {
        Map<String, SortedSet<String>> missing = new TreeMap<>();
        for (MethodAdvice advice : advised) {
            for (RateLimitSpec spec : advice.method().specs()) {
                for (String name : spec.limit().written()) {
                    if (registry.getObject().find(name).isEmpty()) {
                        missing.computeIfAbsent(name, limit -> new TreeSet<>())
                                .add(advice.method().name());
                    }
                }
            }
        }
        if (!missing.isEmpty()) {
            LOG.warn("With ratelimit.enabled=false calls are not limited. Limits that annotations name and that are not"
                    + " defined: " + missing + ". Define them before you switch limiting on");
        }
    }
}
