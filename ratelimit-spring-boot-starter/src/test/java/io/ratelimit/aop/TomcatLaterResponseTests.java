package io.ratelimit.aop;

import java.time.Duration;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ApplicationContext;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Import;

class TomcatLaterResponseTests extends LaterResponses {

    @Override
    Server start(Duration timeout) {
        ConfigurableApplicationContext context = new SpringApplicationBuilder(Application.class)
                .web(WebApplicationType.SERVLET)
                .properties(
                        "server.port=0",
                        "server.shutdown=immediate",
                        "spring.main.banner-mode=off",
                        "spring.mvc.async.request-timeout=" + timeout.toMillis() + "ms")
                .properties(PROPERTIES)
                .run();
        return new Server() {
            @Override
            public ApplicationContext context() {
                return context;
            }

            @Override
            public int port() {
                return context.getEnvironment().getRequiredProperty("local.server.port", int.class);
            }

            @Override
            public void close() {
                context.close();
            }
        };
    }

    @EnableAutoConfiguration
    @Import(Beans.class)
    static class Application {}
}
