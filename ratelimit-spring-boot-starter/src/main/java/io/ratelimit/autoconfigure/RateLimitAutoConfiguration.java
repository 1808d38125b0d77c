package io.ratelimit.autoconfigure;

import io.ratelimit.Limit;
import io.ratelimit.MemoryStore;
import io.ratelimit.RateLimitListener;
import io.ratelimit.RateLimitStore;
import io.ratelimit.RateLimiters;
import io.ratelimit.aop.RateLimitAdvisor;
import io.ratelimit.aop.RateLimitedBeanPostProcessor;
import io.ratelimit.aop.RateLimitedMethods;
import io.ratelimit.aop.WovenCalls;
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
        return parent -> new KnownPropertiesBindHandler(new LimitTextBindHandler(parent));
    }

    @Bean
    @ConditionalOnMissingBean
    RateLimiters rateLimiters(
            RateLimitProperties properties,
            ObjectProvider<RateLimitStore> store,
            ObjectProvider<Limit> limits,
            ObjectProvider<RateLimitListener> listeners) {
        RateLimiters limiters = new RateLimiters(
                properties.enabled() ? store.getObject() : new DisabledStore(),
                listeners.orderedStream().toList());
        properties.toLimits().forEach(limiters::define);
        limits.orderedStream().forEach(limiters::define);
        return limiters;
    }

    @Bean
    @Role(BeanDefinition.ROLE_INFRASTRUCTURE)
    static RateLimitedMethods rateLimitedMethods(
            ConfigurableBeanFactory beanFactory, ObjectProvider<RateLimiters> limiters) {
        return new RateLimitedMethods(beanFactory, limiters);
    }

    @Bean
    @Role(BeanDefinition.ROLE_INFRASTRUCTURE)
    static RateLimitedBeanPostProcessor rateLimitedBeanPostProcessor(
            RateLimitedMethods methods, ObjectProvider<RateLimitProperties> properties) {
        return new RateLimitedBeanPostProcessor(
                methods, () -> properties.getObject().toAdviceSettings());
    }

    @Bean
    WovenCalls rateLimitWovenCalls(
            RateLimitAdvisor advisor, RateLimitedMethods methods, RateLimitProperties properties) {
        return new WovenCalls(advisor, methods, properties.aop().mode());
    }

    @Bean
    @Role(BeanDefinition.ROLE_INFRASTRUCTURE)
    static RateLimitAdvisor rateLimitAdvisor(
            RateLimitedMethods methods,
            ObjectProvider<RateLimiters> limiters,
            ObjectProvider<RateLimitProperties> properties,
            ListableBeanFactory beans) {
        return new RateLimitAdvisor(
                methods, limiters, () -> properties.getObject().toAdviceSettings(), () -> ContinuationChoice.of(beans));
    }

    @Configuration(proxyBeanMethods = false)
    @ConditionalOnMissingBean(RateLimitStore.class)
    @Import(LocalMemory.class)
    static final class InMemory {

        @Bean
        RateLimitStore rateLimitStore(
                @Qualifier("rateLimitMemory") MemoryStore memory, RateLimitProperties properties) {
            properties.requireMemory();
            return memory;
        }
    }
}
