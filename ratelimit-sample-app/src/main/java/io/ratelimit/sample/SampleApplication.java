package io.ratelimit.sample;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;

/** Starts the catalogue on port 8080, with limits in memory or, given {@code --ratelimit.store=redis}, on Redis. */
@SpringBootApplication
public class SampleApplication {

    /**
     * Starts the application.
     *
     * @param args properties such as {@code --server.port=8081}
     */
    public static void main(String[] args) {
        SpringApplication.run(SampleApplication.class, args);
    }
}
