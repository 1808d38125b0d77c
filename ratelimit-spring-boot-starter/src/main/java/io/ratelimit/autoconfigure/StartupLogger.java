package io.ratelimit.autoconfigure;

import io.ratelimit.RateLimiterRegistry;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.SmartInitializingSingleton;

/**
 * Logs one line when the application starts: the number of limits, the store and its address.
 *
 * <pre>{@code
 * 3 rate limits, store redis at localhost:6379
 * }</pre>
 */
final class StartupLogger implements SmartInitializingSingleton {

    private static final Log LOG = LogFactory.getLog(StartupLogger.class);

    private final RateLimiterRegistry registry;
    private final ObjectProvider<StoreAddress> address;
    private final boolean enabled;

    StartupLogger(RateLimiterRegistry registry, ObjectProvider<StoreAddress> address, boolean enabled) {
        this.registry = registry;
        this.address = address;
        this.enabled = enabled;
    }

    @Override
    public void afterSingletonsInstantiated() {
        int limits = registry.all().size();
        String count = limits + (limits == 1 ? " rate limit, " : " rate limits, ");
        LOG.info(enabled ? count + "store " + store() : count + "switched off by ratelimit.enabled");
    }

    private String store() {
        String text = address.stream().map(StoreAddress::text).findFirst().orElse("");
        return registry.store().name() + (text.isEmpty() ? "" : " at " + text);
    }
}
