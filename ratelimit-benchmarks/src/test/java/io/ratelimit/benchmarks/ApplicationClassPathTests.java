package io.ratelimit.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class ApplicationClassPathTests {

    @Test
    void anApplicationOnRedisHasTheStarterAndTheDriverButNoOtherLimiter() {
        assertThat(ApplicationClassPath.of(true, true))
                .contains("ratelimit-core", "ratelimit-spring-boot-starter", "lettuce-core", "spring-data-redis")
                .contains("spring-boot-autoconfigure", "ratelimit-benchmarks")
                .doesNotContain("bucket4j", "resilience4j", "redisson", "guava-");
    }

    @Test
    void anApplicationWithoutTheStarterHasNoneOfItsModules() {
        assertThat(ApplicationClassPath.of(false, false))
                .contains("spring-boot-autoconfigure", "ratelimit-benchmarks")
                .doesNotContain("ratelimit-core", "ratelimit-spring-boot-starter", "lettuce-core", "spring-data-redis");
    }

    @Test
    void generatedBeansAreClassesThatAreDeletedAfterUse() throws IOException {
        Path directory;
        try (GeneratedBeans beans = GeneratedBeans.compile(2)) {
            directory = beans.directory();
            Path classes = directory.resolve(GeneratedBeans.PACKAGE.replace('.', '/'));

            assertThat(classes.resolve("Bean0.class")).isNotEmptyFile();
            assertThat(classes.resolve("Bean1.class")).isNotEmptyFile();
        }
        assertThat(Files.exists(directory)).isFalse();
    }
}
