package io.ratelimit.aop;

import io.ratelimit.RateLimiterRegistry;
import io.ratelimit.autoconfigure.RateLimitAutoConfiguration;
import io.ratelimit.autoconfigure.RateLimitSettings;
import jakarta.servlet.AsyncListener;
import java.util.function.Supplier;
import org.springframework.aop.Advisor;
import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.config.BeanDefinition;
import org.springframework.beans.factory.config.ConfigurableBeanFactory;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Lazy;
import org.springframework.context.annotation.Role;
import org.springframework.web.servlet.config.annotation.WebMvcConfigurer;

/** Auto-configuration of the advice of methods that are annotated with {@code @RateLimited}. */
@AutoConfiguration(after = RateLimitAutoConfiguration.class)
@ConditionalOnClass(Advisor.class)
@EnableConfigurationProperties(AopProperties.class)
public final class RateLimitAopAutoConfiguration {

    RateLimitAopAutoConfiguration() {}

    @Bean
    @Role(BeanDefinition.ROLE_INFRASTRUCTURE)
    static RateLimitedMethodRegistry rateLimitMethodRegistry(
            ConfigurableBeanFactory beanFactory, ObjectProvider<RateLimiterRegistry> registry) {
        return new RateLimitedMethodRegistry(beanFactory, registry);
    }

    @Bean
    @Role(BeanDefinition.ROLE_INFRASTRUCTURE)
    static EarlyBeanRecorder rateLimitEarlyBeanRecorder() {
        return new EarlyBeanRecorder();
    }

    @Bean
    @Role(BeanDefinition.ROLE_INFRASTRUCTURE)
    static LimitedProxyRecorder rateLimitProxyRecorder() {
        return new LimitedProxyRecorder();
    }

    @Bean
    @Role(BeanDefinition.ROLE_INFRASTRUCTURE)
    static RateLimitedBeanPostProcessor rateLimitBeanPostProcessor(
            ConfigurableListableBeanFactory beans,
            RateLimitedMethodRegistry methods,
            EarlyBeanRecorder early,
            LimitedProxyRecorder proxies,
            ObjectProvider<RateLimitSettings> settings,
            ObjectProvider<AopProperties> properties) {
        return new RateLimitedBeanPostProcessor(beans, methods, early, proxies, adviceSettings(settings, properties));
    }

    @Bean
    @Lazy(false)
    AspectJRateLimits rateLimitAspectJ(
            RateLimitAdvisor advisor, RateLimitedMethodRegistry methods, AopProperties properties) {
        return new AspectJRateLimits(advisor, methods, properties.mode());
    }

    @Bean
    @Role(BeanDefinition.ROLE_INFRASTRUCTURE)
    static RateLimitAdvisor rateLimitAdvisor(
            RateLimitedMethodRegistry methods,
            ObjectProvider<RateLimiterRegistry> registry,
            ObjectProvider<RateLimitSettings> settings,
            ObjectProvider<AopProperties> properties,
            ListableBeanFactory beans) {
        return new RateLimitAdvisor(
                methods,
                registry,
                adviceSettings(settings, properties),
                new MethodSecurityAdvisors(beans),
                () -> ContinuationExecutorSelector.select(beans));
    }

    @Bean
    @Role(BeanDefinition.ROLE_INFRASTRUCTURE)
    @ConditionalOnClass(
            name = {
                "reactor.core.publisher.Mono",
                "org.springframework.security.authorization.method.AuthorizationAdvisor"
            })
    static SubscriberInvocationAdvisor rateLimitSubscriberInvocationAdvisor(
            RateLimitedMethodRegistry methods, ListableBeanFactory beans) {
        return new SubscriberInvocationAdvisor(methods, new MethodSecurityAdvisors(beans));
    }

    /** Fetches the common settings first, because that checks the properties of all features. */
    private static Supplier<AdviceSettings> adviceSettings(
            ObjectProvider<RateLimitSettings> settings, ObjectProvider<AopProperties> properties) {
        return () -> {
            RateLimitSettings common = settings.getObject();
            AopProperties aop = properties.getObject();
            return new AdviceSettings(common, aop.mode(), aop.orderNumber(), aop.ineffective());
        };
    }

    /** The configuration of what is specific to Spring MVC. */
    @Configuration(proxyBeanMethods = false)
    @ConditionalOnWebApplication(type = ConditionalOnWebApplication.Type.SERVLET)
    @ConditionalOnClass({AsyncListener.class, WebMvcConfigurer.class})
    static class OfMvc {

        @Bean
        LaterResponseInterceptor rateLimitLaterResponseInterceptor() {
            return new LaterResponseInterceptor();
        }
    }
}
