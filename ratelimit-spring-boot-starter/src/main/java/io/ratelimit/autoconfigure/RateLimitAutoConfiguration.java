package io.ratelimit.autoconfigure;

import io.ratelimit.Limit;
import io.ratelimit.RateLimitListener;
import io.ratelimit.RateLimitStore;
import io.ratelimit.RateLimiterRegistry;
import io.ratelimit.memory.InMemoryRateLimitStore;
import java.util.List;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.beans.factory.config.BeanDefinition;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.context.properties.ConfigurationPropertiesBindHandlerAdvisor;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.context.annotation.Lazy;
import org.springframework.context.annotation.Role;
import org.springframework.core.env.Environment;

/**
 * Auto-configuration of the limiters of {@code ratelimit.limits} and of {@link Limit} beans, and of their store in
 * memory. A {@link RateLimitStore} bean replaces that store.
 */
@AutoConfiguration
@EnableConfigurationProperties(RateLimitProperties.class)
public final class RateLimitAutoConfiguration {

    RateLimitAutoConfiguration() {}

    @Bean
    @Role(BeanDefinition.ROLE_INFRASTRUCTURE)
    static ConfigurationPropertiesBindHandlerAdvisor rateLimitPropertyBinding() {
        RateLimitFeatures features = RateLimitFeatures.load();
        KnownProperties known = KnownProperties.of(features);
        return parent -> new UnknownPropertyBindHandler(
                new LimitNameBindHandler(new LimitShorthandBindHandler(parent)), features, known);
    }

    @Bean
    static RateLimitSettings rateLimitSettings(RateLimitProperties properties) {
        return properties.toSettings();
    }

    @Bean
    @ConditionalOnMissingBean
    RateLimiterRegistry rateLimitRegistry(
            RateLimitProperties properties,
            ObjectProvider<RateLimitStore> store,
            ObjectProvider<Limit> limits,
            ObjectProvider<RateLimitListener> listeners,
            ObjectProvider<DecisionCounting> counting) {
        List<RateLimitListener> all = listeners.orderedStream().toList();
        RateLimiterRegistry registry = new RateLimiterRegistry(
                properties.enabled() ? store.getObject() : new NoOpRateLimitStore(),
                all,
                !all.isEmpty() || counting.stream().findAny().isPresent(),
                properties.unknownLimitsOfRegistry());
        List<Limit> beans = limits.orderedStream().toList();
        properties.checkBeside(beans);
        properties.toLimits().forEach(registry::define);
        beans.forEach(registry::define);
        return registry;
    }

    @Bean
    @Lazy(false)
    StartupLogger rateLimitStartupLogger(
            RateLimiterRegistry registry, ObjectProvider<StoreAddress> address, RateLimitSettings settings) {
        return new StartupLogger(registry, address, settings.enabled());
    }

    @Configuration(proxyBeanMethods = false)
    @ConditionalOnMissingBean(RateLimitStore.class)
    @Import(InMemoryStoreConfiguration.class)
    static final class InMemory {

        @Bean
        RateLimitStore rateLimitStore(
                @Qualifier("rateLimitMemory") InMemoryRateLimitStore memory,
                RateLimitProperties properties,
                ObjectProvider<TestSliceConfiguration> slice,
                Environment environment) {
            if (properties.enabled() && slice.getIfAvailable() == null) {
                RateLimitFeatures.load().checkMemoryStore(properties.store(), Binder.get(environment));
            }
            return memory;
        }
    }
}
