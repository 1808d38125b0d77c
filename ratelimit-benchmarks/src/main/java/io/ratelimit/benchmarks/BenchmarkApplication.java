package io.ratelimit.benchmarks;

import org.springframework.boot.Banner;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;

/** Starts the applications whose beans are measured. */
final class BenchmarkApplication {

    private BenchmarkApplication() {}

    /** Starts an application that ends with the JVM, and returns one of its beans. */
    static <T> T bean(Class<T> type, Class<?> configuration, String... properties) {
        return start(configuration, properties).getBean(type);
    }

    static ConfigurableApplicationContext start(Class<?> configuration, String... properties) {
        return new SpringApplicationBuilder(configuration)
                .web(WebApplicationType.NONE)
                .bannerMode(Banner.Mode.OFF)
                .logStartupInfo(false)
                .properties("logging.level.root=ERROR")
                .properties(properties)
                .run();
    }
}
