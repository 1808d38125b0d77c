package io.ratelimit.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ratelimit.annotation.KeyResolver;
import io.ratelimit.annotation.RateLimited;
import io.ratelimit.annotation.RateLimitedCall;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;

/** The output of an application that fails to start because of an annotation or a property. */
@ExtendWith(OutputCaptureExtension.class)
class FailedStartTests {

    @Test
    void namesTheLimitThatWasProbablyMeant(CapturedOutput output) {
        start(Misspelt.class, "--ratelimit.limits.search=10/s");
        assertThat(output)
                .contains("APPLICATION FAILED TO START", "Misspelt#find()", "\"serach\"", "\"search\"")
                .doesNotContain("src/test/resources");
    }

    @Test
    void namesThePropertyOfABadRate(CapturedOutput output) {
        start(Correct.class, "--ratelimit.limits.search=10/x");
        assertThat(output)
                .contains(
                        "APPLICATION FAILED TO START",
                        "ratelimit.limits.search",
                        "10/x",
                        "nknown unit \"x\"",
                        "se s, m, h, d, w or a duration such as 100ms");
    }

    @Test
    void namesTheMethodOfAConstantCostThatNoBucketCouldHold(CapturedOutput output) {
        start(Dear.class, "--ratelimit.limits.search=10/s");
        assertThat(output)
                .contains("APPLICATION FAILED TO START", "Dear#find()", "never hold more than 10", "raise the burst");
    }

    @Test
    void namesTheVariableThatAnExpressionDoesNotHave(CapturedOutput output) {
        start(Unkeyed.class, "--ratelimit.limits.search=10/s");
        assertThat(output).contains("APPLICATION FAILED TO START", "Unkeyed#find(String)", "#usr", "#user");
    }

    @Test
    void namesTheFallbackThatIsMissing(CapturedOutput output) {
        start(Abandoned.class, "--ratelimit.limits.search=10/s");
        assertThat(output).contains("APPLICATION FAILED TO START", "Abandoned#find()", "\"elsewhere\"");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            ratelimit.limit.search=10/s        | ratelimit.limits
            ratelimit.limits.search=10/x       | nknown unit "x"
            ratelimit.aop.order=soon           | ratelimit.aop.order
            ratelimit.aop.mode=agent           | ratelimit.aop.mode
            ratelimit.store=disk               | ratelimit.store
            """)
    void namesAWrongPropertyWithLazyInitializationToo(String property, String named, CapturedOutput output) {
        start(Correct.class, "--" + property, "--spring.main.lazy-initialization=true");
        assertThat(output).contains("APPLICATION FAILED TO START", named);
    }

    @Test
    void namesTheLimitThatWasProbablyMeantWithLazyInitializationToo(CapturedOutput output) {
        start(Misspelt.class, "--ratelimit.limits.search=10/s", "--spring.main.lazy-initialization=true");
        assertThat(output).contains("APPLICATION FAILED TO START", "Misspelt#find()", "\"serach\"", "\"search\"");
    }

    @Test
    void theComponentThatLimitsWovenMethodsIsNotLazy() {
        try (ConfigurableApplicationContext context = new SpringApplicationBuilder(Correct.class)
                .web(WebApplicationType.NONE)
                .run("--spring.main.lazy-initialization=true", "--spring.main.banner-mode=off")) {
            assertThat(context.getBeanFactory().containsSingleton("rateLimitAspectJ"))
                    .isTrue();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void startsWhateverLimitsAreMissingIfSwitchedOffAndNamesThemInOneWarning(boolean lazy, CapturedOutput output) {
        try (ConfigurableApplicationContext context = new SpringApplicationBuilder(Misspelt.class, Unlimited.class)
                .web(WebApplicationType.NONE)
                .lazyInitialization(lazy)
                .run("--ratelimit.enabled=false", "--ratelimit.limits.search=10/s", "--spring.main.banner-mode=off")) {
            context.getBean(Misspelt.class).find();
            context.getBean(Unlimited.class).find("any");
        }
        assertThat(output.toString().lines().filter(line -> line.contains("WARN") && line.contains("not defined")))
                .singleElement()
                .asString()
                .contains("ratelimit.enabled=false", "serach=[", "Misspelt#find()", "gone=[", "Unlimited#find(String)")
                .doesNotContain("search=");
        assertThat(output).doesNotContain("APPLICATION FAILED TO START");
    }

    @Test
    void warnsOfNothingIfSwitchedOffWithAllLimitsDefined(CapturedOutput output) {
        try (ConfigurableApplicationContext context = new SpringApplicationBuilder(Misspelt.class)
                .web(WebApplicationType.NONE)
                .run("--ratelimit.enabled=false", "--ratelimit.limits.serach=10/s", "--spring.main.banner-mode=off")) {
            context.getBean(Misspelt.class).find();
        }
        assertThat(output).doesNotContain("not defined");
    }

    private static void start(Class<?> application, String... properties) {
        assertThatThrownBy(() -> new SpringApplicationBuilder(application)
                        .web(WebApplicationType.NONE)
                        .properties("spring.main.banner-mode=off")
                        .run(properties))
                .isInstanceOf(Exception.class);
    }

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    static class Correct {}

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    public static class Misspelt {

        @RateLimited("serach")
        public void find() {}
    }

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    public static class Dear {

        @RateLimited(limit = "search", cost = 11)
        public void find() {}
    }

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    public static class Unkeyed {

        @RateLimited(limit = "search", key = "#usr")
        public void find(String user) {}
    }

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    public static class Abandoned {

        @RateLimited(limit = "search", fallback = "elsewhere")
        public void find() {}
    }

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    public static class Unlimited {

        @RateLimited("gone")
        public void find(String user) {}

        @RateLimited(limit = "search", keyResolver = Elsewhere.class)
        public void findElsewhere() {}
    }

    static class Elsewhere implements KeyResolver {

        @Override
        public Object key(RateLimitedCall call) {
            return "key";
        }
    }
}
