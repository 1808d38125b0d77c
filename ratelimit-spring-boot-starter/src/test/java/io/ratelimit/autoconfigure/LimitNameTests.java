package io.ratelimit.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.ratelimit.Limit;
import io.ratelimit.RateLimiter;
import io.ratelimit.RateLimiterRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.support.GenericApplicationContext;
import org.springframework.core.env.StandardEnvironment;
import org.springframework.core.env.SystemEnvironmentPropertySource;
import org.springframework.test.context.support.TestPropertySourceUtils;

/** The names of limits as applications write them, in each kind of property source. */
@ExtendWith(OutputCaptureExtension.class)
class LimitNameTests {

    @TempDir
    private Path folder;

    private final List<String> arguments = new ArrayList<>();
    private Map<String, Object> variables = Map.of();
    private @Nullable String prefix;
    private String[] inlined = {};
    private Consumer<GenericApplicationContext> beans = context -> {};

    @BeforeEach
    void readNothingButTheFolder() {
        arguments.add("--spring.config.location=file:" + folder + "/");
        arguments.add("--spring.main.banner-mode=off");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            a@b            | a-b
            GET /x         | get-x
            größe          | grosse
            Crème brûlée   | creme-brulee
            my limit       | my-limit
            a/b/           | a-b
            _x             | x
            -x             | x
            東京            | search
            """)
    void aNameWithCharactersThatSpringBootDropsIsRejectedWithTheAllowedOnesAndTheNearestName(
            String name, String nearest) throws IOException {
        write("application.yml", "ratelimit:\n  limits:\n    \"" + name + "\": 10/s");

        InvalidRateLimitPropertyException invalid = invalid();

        assertThat(invalid.property()).isEqualTo("ratelimit.limits." + name);
        assertThat(invalid.rule()).contains("1 to 64 letters a to z, digits, dots, dashes and underscores");
        assertThat(invalid.fix())
                .startsWith("write ratelimit.limits." + nearest)
                .doesNotContain("[");
    }

    @Test
    void theFailureTellsTheLineOfTheName(CapturedOutput output) throws IOException {
        write("application.yml", "ratelimit:\n  limits:\n    GET /x: {rates: 10/s, cost: 2}");

        assertThat(invalid().property()).isEqualTo("ratelimit.limits.GET /x");
        assertThat(output).contains("APPLICATION FAILED TO START", "Write ratelimit.limits.get-x.");
    }

    @Test
    void twoNamesThatSpringBootWouldMergeAreNotMerged() throws IOException {
        write("application.properties", "ratelimit.limits.ab=10/s\nratelimit.limits.a@b.rates=1/s");

        assertThat(invalid().property()).isEqualTo("ratelimit.limits.a@b");
    }

    @ParameterizedTest
    @ValueSource(strings = {"a@b", "GET /x", "a[b]c"})
    void aNameInBracketsHasTheSameCharacters(String name) throws IOException {
        write("application.yml", "ratelimit.limits: {\"[" + name + "]\": 10/s}");

        assertThat(invalid().property()).isEqualTo("ratelimit.limits[" + name + "]");
        assertThat(invalid().fix()).startsWith("write ratelimit.limits.").doesNotContain("[");
    }

    @Test
    void theNameIsCheckedOnTheCommandLineInTestPropertiesAndInConfigTrees() throws IOException {
        arguments.add("--ratelimit.limits.a@b=10/s");
        assertThat(invalid().property()).isEqualTo("ratelimit.limits.a@b");

        arguments.remove(arguments.size() - 1);
        inlined = new String[] {"ratelimit.limits.c@d=10/s"};
        assertThat(invalid().property()).isEqualTo("ratelimit.limits.c@d");

        inlined = new String[] {};
        write("tree/ratelimit.limits.e@f", "10/s");
        arguments.add("--spring.config.import=configtree:" + folder + "/tree/");
        assertThat(invalid().property()).isEqualTo("ratelimit.limits.e@f");
    }

    @Test
    void aMissingLetterOfLimitsIsFoundInAFile() throws IOException {
        write("application.yml", "ratelimit.limit.s: 10/s");

        assertThat(invalid().fix()).isEqualTo("did you mean ratelimit.limits?");
    }

    @Test
    void anEnvironmentVariableWithoutDashesOverridesTheLimitOfAFile() throws IOException {
        write("application.yml", "ratelimit.limits.plan-free: {rates: 10/s, cost: 2}");
        variables = Map.of("RATELIMIT_LIMITS_PLANFREE", "9/s");

        assertThat(limits()).containsOnlyKeys("plan-free");
        assertThat(limits().get("plan-free").rates())
                .isEqualTo(Limit.of("any", "9/s").rates());
        assertThat(limits().get("plan-free").cost()).isEqualTo(2_000);
    }

    @Test
    void anEnvironmentVariableDefinesNoSecondLimitBesideABean() {
        variables = Map.of("RATELIMIT_LIMITS_PLANFREE", "9/s");
        beans = context -> context.registerBean(Limit.class, () -> Limit.of("plan-free", "1/1h"));

        assertThat(invalid().property()).isEqualTo("ratelimit.limits.planfree");
        assertThat(invalid().rule()).startsWith("the limit \"plan-free\" is a Limit bean");
    }

    @Test
    void eachPropertyOfALimitCanBeOverriddenByAnEnvironmentVariableWithOrWithoutUnderscores() throws IOException {
        write("application.yml", "ratelimit.limits.plan-free: 10/s");
        variables = Map.of(
                "RATELIMIT_LIMITS_PLANFREE_MAXWAIT", "2s", "RATELIMIT_LIMITS_PLAN_FREE_ON_STORE_FAILURE", "deny");

        assertThat(limits()).containsOnlyKeys("plan-free");
        assertThat(limits().get("plan-free").maxWait()).hasSeconds(2);
        assertThat(limits().get("plan-free").onStoreFailure()).hasToString("DENY");
    }

    @Test
    void theCommandLineOverridesALimitThatItSpellsOtherwise() throws IOException {
        write("application.yml", "ratelimit.limits.quote-user: {rates: 10/s, cost: 2}");
        arguments.add("--ratelimit.limits.quoteUser=9/s");

        assertThat(limits()).containsOnlyKeys("quote-user");
        assertThat(limits().get("quote-user").rates())
                .isEqualTo(Limit.of("any", "9/s").rates());
        assertThat(limits().get("quote-user").cost()).isEqualTo(2_000);
    }

    @Test
    void aTestPropertyOverridesALimitThatItSpellsOtherwise() throws IOException {
        write("application.properties", "ratelimit.limits.quoteUser=10/s");
        inlined = new String[] {"ratelimit.limits.quote-user=9/s"};

        assertThat(limits()).containsOnly(Map.entry("quoteUser", Limit.of("quoteUser", "9/s")));
    }

    @Test
    void aConfigTreeOverridesALimitOfTheSameName() throws IOException {
        write("application.yml", "ratelimit.limits.quote-user: {rates: 10/s, cost: 2}");
        write("tree/ratelimit/limits/quote-user", "9/s");
        arguments.add("--spring.config.import=configtree:" + folder + "/tree/");

        assertThat(limits()).containsOnlyKeys("quote-user");
        assertThat(limits().get("quote-user").cost()).isEqualTo(2_000);
    }

    @Test
    void anEnvironmentVariableThatOverridesOneLimitDefinesNoOther() throws IOException {
        write("application.yml", "ratelimit.limits.quote-rates: 10/s");
        variables = Map.of("RATELIMIT_LIMITS_QUOTE_RATES", "9/s");

        assertThat(limits()).containsOnly(Map.entry("quote-rates", Limit.of("quote-rates", "9/s")));
    }

    @Test
    void anEnvironmentVariableDefinesALimitThatNothingElseNames() {
        variables = Map.of("RATELIMIT_LIMITS_SEARCH", "9/s", "RATELIMIT_LIMITS_REPORT_RATES_0", "1/s");

        assertThat(limits()).containsOnlyKeys("search", "report");
    }

    @Test
    void anEnvironmentVariableThatIsWrittenAsAPropertyKeepsItsName() {
        variables = Map.of("ratelimit.limits.plan-free", "9/s");
        assertThat(limits()).containsOnlyKeys("plan-free");

        variables = Map.of("ratelimit.limits.a@b", "9/s");
        assertThat(invalid().property()).isEqualTo("ratelimit.limits.a@b");
    }

    @Test
    void anEnvironmentVariableOverridesANameInBrackets() throws IOException {
        write("application.yml", "ratelimit.limits: {\"[quote_user]\": 10/s, \"[quoteAll]\": 10/s}");
        variables = Map.of("RATELIMIT_LIMITS_QUOTE_USER", "9/s", "RATELIMIT_LIMITS_QUOTEALL", "8/s");

        assertThat(limits())
                .containsOnly(
                        Map.entry("quote_user", Limit.of("quote_user", "9/s")),
                        Map.entry("quoteAll", Limit.of("quoteAll", "8/s")));
    }

    @ParameterizedTest
    @CsvSource({
        "RATELIMIT_LIMITS_QUOTE_USER_MAXWAIT, RATELIMIT_LIMITS_QUOTEUSER_MAXWAIT",
        "RATELIMIT_LIMITS_QUOTEUSER_MAX_WAITT, RATELIMIT_LIMITS_QUOTEUSER_MAXWAIT",
        "RATELIMIT_LIMITS_QUOTE_USR, RATELIMIT_LIMITS_QUOTEUSER"
    })
    void anEnvironmentVariableThatNothingReadsStopsTheStart(String variable, String nearest) throws IOException {
        write("application.yml", "ratelimit.limits.quote-user: 10/s");
        variables = Map.of(variable, "5/s");

        assertThat(invalid().fix()).isEqualTo("did you mean " + nearest + "?");
    }

    @Test
    void variablesOfOtherApplicationsAreIgnoredIfTheEnvironmentHasAPrefix() throws IOException {
        write("application.yml", "ratelimit.limits.search: 10/s");
        prefix = "shop";
        variables = Map.of(
                "RATELIMIT_LIMITS_SEARCH", "5/s", "RATELIMIT_LIMITS_X_Y", "4/s", "SHOP_RATELIMIT_LIMITS_SEARCH", "9/s");

        assertThat(limits()).containsOnly(Map.entry("search", Limit.of("search", "9/s")));
    }

    @Test
    void aVariableWithThePrefixOfTheEnvironmentThatNothingReadsStopsTheStart() throws IOException {
        write("application.yml", "ratelimit.limits.quote-user: 10/s");
        prefix = "shop";
        variables = Map.of("SHOP_RATELIMIT_LIMITS_QUOTE_USR", "5/s");

        assertThat(invalid().fix()).isEqualTo("did you mean SHOP_RATELIMIT_LIMITS_QUOTEUSER?");
    }

    @ParameterizedTest
    @CsvSource({
        "quote-user, quoteUser",
        "quote-user, quote_user",
        "search, Search",
        "plan-free, planfree",
        "[quote_user], quote-user",
        "[Search], search"
    })
    void twoNamesThatDifferOnlyInCaseDashesOrUnderscoresStopTheStart(String first, String second) throws IOException {
        write("application.yml", "ratelimit.limits: {\"" + first + "\": 10/s, \"" + second + "\": 5/s}");

        assertThat(invalid().rule()).endsWith("only in case, dashes, underscores or brackets");
        assertThat(invalid().getMessage()).contains(first.replaceAll("[\\[\\]]", ""), second);
    }

    @Test
    void twoNamesThatDifferOnlyInCaseInTwoFilesStopTheStart() throws IOException {
        write("application.yml", "ratelimit.limits.quote-user: 10/s");
        write("application-prod.yml", "ratelimit.limits.quoteUser.cost: 2");
        arguments.add("--spring.profiles.active=prod");

        assertThat(invalid().rule())
                .isEqualTo("its name differs from ratelimit.limits.quote-user only in case, dashes, underscores or"
                        + " brackets");
    }

    private void write(String file, String text) throws IOException {
        Path path = folder.resolve(file);
        Files.createDirectories(path.getParent());
        Files.writeString(path, text);
    }

    private Map<String, Limit> limits() {
        try (ConfigurableApplicationContext context = start()) {
            RateLimiterRegistry registry = context.getBean(RateLimiterRegistry.class);
            return registry.all().stream()
                    .map(RateLimiter::limit)
                    .collect(Collectors.toMap(Limit::name, limit -> limit));
        }
    }

    private InvalidRateLimitPropertyException invalid() {
        Throwable failure = catchThrowable(() -> start().close());
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof InvalidRateLimitPropertyException invalid) {
                return invalid;
            }
        }
        throw new AssertionError("No property was rejected as invalid", failure);
    }

    private ConfigurableApplicationContext start() {
        StandardEnvironment environment = new StandardEnvironment();
        String name = StandardEnvironment.SYSTEM_ENVIRONMENT_PROPERTY_SOURCE_NAME;
        environment.getPropertySources().replace(name, new SystemEnvironmentPropertySource(name, variables));
        return new SpringApplicationBuilder(Application.class)
                .web(WebApplicationType.NONE)
                .environment(environment)
                .environmentPrefix(prefix)
                .initializers(context -> {
                    beans.accept((GenericApplicationContext) context);
                    if (inlined.length > 0) {
                        TestPropertySourceUtils.addInlinedPropertiesToEnvironment(context, inlined);
                    }
                })
                .run(arguments.toArray(String[]::new));
    }

    @Configuration(proxyBeanMethods = false)
    @ImportAutoConfiguration(RateLimitAutoConfiguration.class)
    static class Application {}
}
