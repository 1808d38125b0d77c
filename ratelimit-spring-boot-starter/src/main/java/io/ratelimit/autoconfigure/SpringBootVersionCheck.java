package io.ratelimit.autoconfigure;

import org.springframework.boot.SpringBootVersion;
import org.springframework.context.ApplicationContextInitializer;
import org.springframework.context.ConfigurableApplicationContext;

/**
 * Stops the start on a Spring Boot that is too old, before a class of ours is loaded that needs a newer one. This class
 * uses only what Spring Boot 3 has too.
 */
final class SpringBootVersionCheck implements ApplicationContextInitializer<ConfigurableApplicationContext> {

    private static final int OLDEST_MAJOR = 4;

    /** @throws UnsupportedSpringBootException if the application runs on Spring Boot 3 or earlier */
    @Override
    public void initialize(ConfigurableApplicationContext context) {
        check(SpringBootVersion.getVersion());
    }

    static void check(String version) {
        if (Integer.parseInt(version.substring(0, version.indexOf('.'))) < OLDEST_MAJOR) {
            throw new UnsupportedSpringBootException(version);
        }
    }
}
