package io.ratelimit.http;

import graphql.GraphQLError;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.Filter;
import org.springframework.beans.factory.config.BeanDefinition;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication;
import org.springframework.boot.web.servlet.FilterRegistrationBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Role;
import org.springframework.graphql.execution.DataFetcherExceptionResolver;
import org.springframework.http.ProblemDetail;
import org.springframework.security.authentication.ProviderManager;

/** Auto-configuration of the problem details for rejected calls, in Spring MVC and WebFlux applications. */
@AutoConfiguration
@ConditionalOnWebApplication
@ConditionalOnClass(ProblemDetail.class)
public final class RateLimitHttpAutoConfiguration {

    RateLimitHttpAutoConfiguration() {}

    @Bean
    @ConditionalOnMissingBean
    RateLimitExceptionHandler rateLimitExceptionHandler(RateLimitResponseFactory responses) {
        return new RateLimitExceptionHandler(responses);
    }

    @Bean
    RateLimitResponseFactory rateLimitResponseFactory() {
        return new RateLimitResponseFactory(new InvalidCallLogger(System::nanoTime));
    }

    /** The filter, which answers outside of the handlers of Spring MVC. */
    @Configuration(proxyBeanMethods = false)
    @ConditionalOnWebApplication(type = ConditionalOnWebApplication.Type.SERVLET)
    @ConditionalOnClass({Filter.class, FilterRegistrationBean.class})
    static class OfServlet {

        @Bean
        FilterRegistrationBean<RateLimitRejectionFilter> rateLimitRejectionFilter(RateLimitResponseFactory responses) {
            FilterRegistrationBean<RateLimitRejectionFilter> registration =
                    new FilterRegistrationBean<>(new RateLimitRejectionFilter(responses));
            registration.setOrder(RateLimitRejectionFilter.ORDER);
            registration.setDispatcherTypes(DispatcherType.REQUEST, DispatcherType.ASYNC);
            return registration;
        }
    }

    /** The recorder of failed authentications, which tells the filter why Spring Security answers with an error. */
    @Configuration(proxyBeanMethods = false)
    @ConditionalOnWebApplication(type = ConditionalOnWebApplication.Type.SERVLET)
    @ConditionalOnClass({Filter.class, ProviderManager.class})
    static class OfSecurity {

        @Bean
        @Role(BeanDefinition.ROLE_INFRASTRUCTURE)
        static AuthenticationFailureRecorder rateLimitAuthenticationFailureRecorder() {
            return new AuthenticationFailureRecorder();
        }
    }

    /** The exception handler, which answers outside of the annotated handlers of WebFlux. */
    @Configuration(proxyBeanMethods = false)
    @ConditionalOnWebApplication(type = ConditionalOnWebApplication.Type.REACTIVE)
    static class OfWebFlux {

        @Bean
        RateLimitWebExceptionHandler rateLimitWebExceptionHandler(RateLimitResponseFactory responses) {
            return new RateLimitWebExceptionHandler(responses);
        }
    }

    /** The exception resolver, which answers for the methods of Spring for GraphQL. */
    @Configuration(proxyBeanMethods = false)
    @ConditionalOnClass({GraphQLError.class, DataFetcherExceptionResolver.class})
    static class OfGraphQl {

        @Bean
        RateLimitGraphQlExceptionResolver rateLimitGraphQlExceptionResolver(RateLimitResponseFactory responses) {
            return new RateLimitGraphQlExceptionResolver(responses);
        }
    }
}
