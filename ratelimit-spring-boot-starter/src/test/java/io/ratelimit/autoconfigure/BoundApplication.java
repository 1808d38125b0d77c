package io.ratelimit.autoconfigure;

import static org.assertj.core.api.Assertions.catchThrowable;

import io.ratelimit.Limit;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.stream.Collectors;
import org.springframework.boot.context.properties.ConfigurationPropertiesBindHandlerAdvisor;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.env.YamlPropertySourceLoader;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.MapPropertySource;
import org.springframework.core.env.PropertySource;
import org.springframework.core.env.StandardEnvironment;
import org.springframework.core.env.SystemEnvironmentPropertySource;
import org.springframework.core.io.ByteArrayResource;

/** An application whose properties come from given sources, each with precedence over those added before. */
public final class BoundApplication {

    private final StandardEnvironment environment = new StandardEnvironment();

    BoundApplication() {
        environment.getPropertySources().remove(StandardEnvironment.SYSTEM_ENVIRONMENT_PROPERTY_SOURCE_NAME);
        environment.getPropertySources().remove(StandardEnvironment.SYSTEM_PROPERTIES_PROPERTY_SOURCE_NAME);
    }

    public static BoundApplication of(String... yaml) {
        return new BoundApplication().yaml(yaml);
    }

    BoundApplication yaml(String... lines) {
        try {
            String name = "application-" + environment.getPropertySources().size() + ".yml";
            ByteArrayResource text =
                    new ByteArrayResource(String.join("\n", lines).getBytes(StandardCharsets.UTF_8), name);
            new YamlPropertySourceLoader().load(name, text).forEach(environment.getPropertySources()::addFirst);
        } catch (IOException ex) {
            throw new UncheckedIOException(ex);
        }
        return this;
    }

    BoundApplication properties(Map<String, Object> properties) {
        environment.getPropertySources().addFirst(new MapPropertySource("properties", properties));
        return this;
    }

    BoundApplication source(PropertySource<?> source) {
        environment.getPropertySources().addFirst(source);
        return this;
    }

    BoundApplication environment(Map<String, Object> variables) {
        environment.getPropertySources().addFirst(new SystemEnvironmentPropertySource("systemEnvironment", variables));
        return this;
    }

    RateLimitProperties properties() {
        try (AnnotationConfigApplicationContext context = new AnnotationConfigApplicationContext()) {
            context.setEnvironment(environment);
            context.register(Wiring.class);
            context.refresh();
            return context.getBean(RateLimitProperties.class);
        }
    }

    /** Binds the properties of a feature. */
    public <T> T properties(String prefix, Class<T> type) {
        return Binder.get(environment).bindOrCreate(prefix, type);
    }

    Map<String, Limit> limits() {
        return properties().toLimits().stream().collect(Collectors.toMap(Limit::name, limit -> limit));
    }

    Limit limit(String name) {
        return limits().get(name);
    }

    Throwable failure() {
        return catchThrowable(this::limits);
    }

    InvalidRateLimitPropertyException invalid() {
        for (Throwable cause = failure(); cause != null; cause = cause.getCause()) {
            if (cause instanceof InvalidRateLimitPropertyException invalid) {
                return invalid;
            }
        }
        throw new AssertionError("No property was rejected as invalid", failure());
    }

    FailureAnalysis analysis() {
        return new InvalidLimitFailureAnalyzer(environment).analyze(failure());
    }

    @Configuration(proxyBeanMethods = false)
    @EnableConfigurationProperties(RateLimitProperties.class)
    static class Wiring {

        @Bean
        static ConfigurationPropertiesBindHandlerAdvisor limitBinding() {
            return RateLimitAutoConfiguration.rateLimitPropertyBinding();
        }
    }
}
