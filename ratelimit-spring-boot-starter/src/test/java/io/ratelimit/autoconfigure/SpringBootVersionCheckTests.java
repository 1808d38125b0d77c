package io.ratelimit.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.SpringBootVersion;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.annotation.Configuration;

@ExtendWith(OutputCaptureExtension.class)
class SpringBootVersionCheckTests {

    @Test
    void anApplicationOnSpringBootThreeIsToldSoInOneSentence(CapturedOutput output) throws Exception {
        try (ReducedClassPath classPath = ReducedClassPath.withOthers("spring-", Path.of("target", "spring-boot-3"))) {
            assertThat(classPath.call(Application.class))
                    .isEqualTo("3.5.8: ratelimit needs Spring Boot 4.0 or later, and this application runs on 3.5.8");
        }
        assertThat(output)
                .contains(
                        "APPLICATION FAILED TO START",
                        "ratelimit needs Spring Boot 4.0 or later, and this application runs on 3.5.8.",
                        "Upgrade to Spring Boot 4.0 or later, or remove the dependency.")
                .doesNotContain("NoClassDefFoundError", "\tat ");
    }

    @ParameterizedTest
    @ValueSource(strings = {"2.7.18", "3.0.0-M1", "3.5.99"})
    void olderVersionsStopTheStart(String version) {
        assertThatThrownBy(() -> SpringBootVersionCheck.check(version)).hasMessageEndingWith("runs on " + version);
    }

    @ParameterizedTest
    @ValueSource(strings = {"4.0.0", "4.1.1", "4.2.0-SNAPSHOT", "10.0.0"})
    void supportedVersionsDoNot(String version) {
        assertThatCode(() -> SpringBootVersionCheck.check(version)).doesNotThrowAnyException();
    }

    /** Starts an application, and returns the version of Spring Boot and why it failed. */
    public static final class Application implements Callable<String> {

        @Override
        public String call() {
            String version = SpringBootVersion.getVersion() + ": ";
            try (var context = new SpringApplicationBuilder(Wiring.class)
                    .web(WebApplicationType.NONE)
                    .properties("spring.main.banner-mode=off", "ratelimit.limits.search=2/1h")
                    .run()) {
                return version + "started " + context.isActive();
            } catch (RuntimeException | LinkageError ex) {
                return version + ex.getMessage();
            }
        }
    }

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    static class Wiring {}
}
