package io.ratelimit.autoconfigure;

import io.ratelimit.InMemoryRateLimitStore;
import io.ratelimit.Limit;
import io.ratelimit.RateLimitListener;
import io.ratelimit.RateLimitStore;
import io.ratelimit.RateLimiterRegistry;
import io.ratelimit.aop.AspectJRateLimits;
import io.ratelimit.aop.RateLimitAdvisor;
import io.ratelimit.aop.RateLimitedBeanPostProcessor;
import io.ratelimit.aop.RateLimitedMethodRegistry;
import java.util.List;
import org.springframework.aop.Advisor;
import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.beans.factory.config.BeanDefinition;
import org.springframework.beans.factory.config.ConfigurableBeanFactory;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.context.properties.ConfigurationPropertiesBindHandlerAdvisor;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.context.annotation.Role;

/**
 * The limiters of {@code ratelimit.limits} and of {@link Limit} beans, their store in memory, and the advice of methods
 * that are annotated with {@code @RateLimited}. A {@link RateLimitStore} bean takes the store's place.
 */
@AutoConfiguration
@ConditionalOnClass(Advisor.class)
@EnableConfigurationProperties(RateLimitProperties.class)
public final class RateLimitAutoConfiguration {

    RateLimitAutoConfiguration() {}

    @Bean
    @Role(BeanDefinition.ROLE_INFRASTRUCTURE)
    static ConfigurationPropertiesBindHandlerAdvisor rateLimitPropertyBinding() {
        return parent -> new UnknownPropertyBindHandler(new LimitShorthandBindHandler(parent));
    }

    @Bean
    @ConditionalOnMissingBean
    RateLimiterRegistry rateLimiters(
            RateLimitProperties properties,
            ObjectProvider<RateLimitStore> store,
            ObjectProvider<Limit> limits,
            ObjectProvider<RateLimitListener> listeners,
            ObjectProvider<DecisionCounting> counting) {
        List<RateLimitListener> all = listeners.orderedStream().toList();
        RateLimiterRegistry registry = new RateLimiterRegistry(
                properties.enabled() ? store.getObject() : new NoOpRateLimitStore(),
                all,
                !all.isEmpty() || counting.stream().findAny().isPresent());
        properties.toLimits().forEach(registry::define);
        limits.orderedStream().forEach(registry::define);
        return registry;
    }

    @Bean
    @Role(BeanDefinition.ROLE_INFRASTRUCTURE)
    static RateLimitedMethodRegistry rateLimitedMethods(
            ConfigurableBeanFactory beanFactory, ObjectProvider<RateLimiterRegistry> registry) {
        return new RateLimitedMethodRegistry(beanFactory, registry);
    }

    @Bean
    @Role(BeanDefinition.ROLE_INFRASTRUCTURE)
    static RateLimitedBeanPostProcessor rateLimitedBeanPostProcessor(
            RateLimitedMethodRegistry methods, ObjectProvider<RateLimitProperties> properties) {
        return new RateLimitedBeanPostProcessor(
                methods, () -> properties.getObject().toAdviceSettings());
    }

    @Bean
    AspectJRateLimits rateLimitWovenCalls(
            RateLimitAdvisor advisor, RateLimitedMethodRegistry methods, RateLimitProperties properties) {
        return new AspectJRateLimits(advisor, methods, properties.aop().mode());
    }

    @Bean
    @Role(BeanDefinition.ROLE_INFRASTRUCTURE)
    static RateLimitAdvisor rateLimitAdvisor(
            RateLimitedMethodRegistry methods,
            ObjectProvider<RateLimiterRegistry> registry,
            ObjectProvider<RateLimitProperties> properties,
            ListableBeanFactory beans) {
        return new RateLimitAdvisor(
                methods,
                registry,
                () -> properties.getObject().toAdviceSettings(),
                () -> ContinuationExecutorSelector.select(beans));
    }

    @Configuration(proxyBeanMethods = false)
    @ConditionalOnMissingBean(RateLimitStore.class)
    @Import(InMemoryStoreConfiguration.class)
    static final class InMemory {

        @Bean
        RateLimitStore rateLimitStore(
                @Qualifier("rateLimitMemory") InMemoryRateLimitStore memory, RateLimitProperties properties) {
            properties.requireMemory();
            return memory;
        }
    }
}
