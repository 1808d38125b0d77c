package io.ratelimit.aop;

import io.ratelimit.autoconfigure.RateLimitAutoConfiguration;
import io.ratelimit.http.RateLimitHttpAutoConfiguration;
import java.time.Duration;
import org.eclipse.jetty.ee11.servlet.ServletContextHandler;
import org.eclipse.jetty.ee11.servlet.ServletHolder;
import org.eclipse.jetty.server.ServerConnector;
import org.junit.jupiter.api.Tag;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.autoconfigure.aop.AopAutoConfiguration;
import org.springframework.boot.test.util.TestPropertyValues;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.core.env.Environment;
import org.springframework.web.context.support.AnnotationConfigWebApplicationContext;
import org.springframework.web.servlet.DispatcherServlet;
import org.springframework.web.servlet.config.annotation.AsyncSupportConfigurer;
import org.springframework.web.servlet.config.annotation.EnableWebMvc;
import org.springframework.web.servlet.config.annotation.WebMvcConfigurer;

@Tag("server")
class JettyLaterResponseTests extends LaterResponses {

    @Override
    Server start(Duration timeout) throws Exception {
        AnnotationConfigWebApplicationContext context = new AnnotationConfigWebApplicationContext();
        TestPropertyValues.of(PROPERTIES).and("timeout=" + timeout.toMillis()).applyTo(context.getEnvironment());
        context.register(Application.class);
        ServletHolder servlet = new ServletHolder(new DispatcherServlet(context));
        servlet.setInitOrder(1);
        servlet.setAsyncSupported(true);
        ServletContextHandler handler = new ServletContextHandler("/");
        handler.addServlet(servlet, "/");
        org.eclipse.jetty.server.Server jetty = new org.eclipse.jetty.server.Server(0);
        jetty.setHandler(handler);
        jetty.start();
        return new Server() {
            @Override
            public ApplicationContext context() {
                return context;
            }

            @Override
            public int port() {
                return ((ServerConnector) jetty.getConnectors()[0]).getLocalPort();
            }

            @Override
            public void close() {
                try {
                    jetty.stop();
                } catch (Exception ex) {
                    throw new IllegalStateException(ex);
                }
            }
        };
    }

    /** Jetty does not report that an emitter could not write. The request times out then. */
    @Override
    Duration noticesLostClientWithin() {
        return Duration.ofSeconds(5);
    }

    @Configuration(proxyBeanMethods = false)
    @EnableWebMvc
    @ImportAutoConfiguration({
        AopAutoConfiguration.class,
        RateLimitAutoConfiguration.class,
        RateLimitAopAutoConfiguration.class,
        RateLimitHttpAutoConfiguration.class
    })
    @Import(Beans.class)
    static class Application {

        @Bean
        WebMvcConfigurer asyncSupport(Environment environment) {
            return new WebMvcConfigurer() {
                @Override
                public void configureAsyncSupport(AsyncSupportConfigurer configurer) {
                    configurer.setDefaultTimeout(environment.getRequiredProperty("timeout", long.class));
                }
            };
        }
    }
}
