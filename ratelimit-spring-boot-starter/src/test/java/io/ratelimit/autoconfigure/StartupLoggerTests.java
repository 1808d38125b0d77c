package io.ratelimit.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;

import io.ratelimit.Limit;
import io.ratelimit.RateLimitStore;
import io.ratelimit.RateLimiterRegistry;
import io.ratelimit.memory.InMemoryRateLimitStore;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

/** The line that an application logs when it starts. */
@ExtendWith(OutputCaptureExtension.class)
class StartupLoggerTests {

    private final ApplicationContextRunner application =
            new ApplicationContextRunner().withConfiguration(AutoConfigurations.of(RateLimitAutoConfiguration.class));

    @Test
    void tellsTheStoreAndTheNumberOfLimitsOfPropertiesAndBeans(CapturedOutput output) {
        application
                .withPropertyValues("ratelimit.limits.search=10/s")
                .withBean(Limit.class, () -> Limit.of("report", "5/s"))
                .run(context -> assertThat(context).hasSingleBean(RateLimiterRegistry.class));
        assertThat(output.toString().lines().filter(line -> line.contains("rate limit")))
                .singleElement()
                .asString()
                .endsWith("2 rate limits, store memory");
    }

    @Test
    void tellsTheNameOfAStoreOfTheApplication(CapturedOutput output) {
        application
                .withBean(RateLimitStore.class, InMemoryRateLimitStore::create)
                .run(context -> assertThat(output).contains("0 rate limits, store memory"));
    }

    @Test
    void tellsThatLimitsAreSwitchedOff(CapturedOutput output) {
        application
                .withPropertyValues("ratelimit.enabled=false", "ratelimit.limits.search=10/s")
                .run(context -> assertThat(output).contains("1 rate limit, switched off by ratelimit.enabled"));
    }
}
