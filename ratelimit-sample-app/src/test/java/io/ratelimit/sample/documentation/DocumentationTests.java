package io.ratelimit.sample.documentation;

import static org.assertj.core.api.Assertions.assertThat;

import io.ratelimit.RateLimitStore;
import io.ratelimit.RateLimiterRegistry;
import io.ratelimit.aop.RateLimitAopAutoConfiguration;
import io.ratelimit.autoconfigure.RateLimitAutoConfiguration;
import io.ratelimit.memory.InMemoryRateLimitStore;
import io.ratelimit.redis.RateLimitRedisAutoConfiguration;
import io.ratelimit.sample.SampleApplication;
import io.ratelimit.sample.documentation.CommandExample.Sources;
import io.ratelimit.test.VirtualClock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.aop.AopAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.data.redis.autoconfigure.DataRedisAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.web.server.context.WebServerApplicationContext;
import org.springframework.context.support.GenericApplicationContext;
import org.w3c.dom.Element;
import org.xml.sax.InputSource;

/**
 * Executes the examples of the documentation, and follows its links.
 *
 * <p>A block that is not executed says so above itself, {@code <!-- not executed: reason -->}, or names the test that
 * executes it, {@code <!-- executed by: RedisAclTests -->}.
 */
class DocumentationTests {

    private static final Set<String> LANGUAGES = Set.of("java", "kotlin", "yaml", "xml", "bash", "console", "text");
    private static final Pattern TYPE_OR_METHOD =
            Pattern.compile("[A-Z][a-z0-9]+(?:[A-Z][A-Za-z0-9]*)+(?:[.#]\\w+)?(?:\\(\\))?");

    private static final Pattern OUR_PROPERTY = Pattern.compile("ratelimit(?:\\.[a-z][a-z-]*)+");

    /** Names that documentation may use of what is not in this repository. */
    private static final Set<String> FOREIGN = Set.of(
            "ConnectionWatchdog",
            "DefaultClusterTopologyRefresh",
            "DefaultEndpoint",
            "InlineSmallCode",
            "LazyInitializationExcludeFilter",
            "ReconnectionHandler");

    @TempDir(cleanup = CleanupMode.ALWAYS)
    Path directory;

    @Test
    void every_block_names_a_language_that_is_checked() {
        assertThat(blocks())
                .allSatisfy(
                        block -> assertThat(block.language()).as(block.title()).isIn(LANGUAGES));
    }

    @Test
    void few_blocks_are_not_executed() {
        assertThat(blocks().stream()
                        .filter(block -> !block.notExecuted().isEmpty())
                        .map(block -> block.page().path() + ": " + block.notExecuted()))
                .containsExactly(
                        "docs/annotation.md: Kotlin; ValueClassTests has such functions",
                        "docs/annotation.md: needs AspectJ and woven classes; LoadTimeWeavingTests and CompileTimeWeavingTests start such applications",
                        "docs/performance.md: takes minutes and prints a profile of this machine",
                        "docs/testing.md: starts a Redis server; RedisServerTests does the same");
    }

    @Test
    void a_block_that_another_test_executes_is_read_by_that_test() {
        assertThat(blocks())
                .filteredOn(block -> !block.executedBy().isEmpty())
                .hasSize(2)
                .allSatisfy(block -> assertThat(Sources.textOf(block.executedBy()))
                        .contains(Path.of(block.page().path()).getFileName().toString()));
    }

    @TestFactory
    Stream<DynamicTest> every_statement_of_java_gives_the_value_beside_it() {
        return tests(
                "java",
                block -> example(block).hasStatements(),
                block -> example(block).run());
    }

    @TestFactory
    Stream<DynamicTest> every_bean_of_java_starts_with_the_limits_of_its_page() {
        return tests("java", block -> !example(block).hasStatements(), block -> {
            List<Class<?>> beans = example(block).beans();
            ApplicationContextRunner application = new ApplicationContextRunner()
                    .withConfiguration(AutoConfigurations.of(
                            AopAutoConfiguration.class,
                            RateLimitAutoConfiguration.class,
                            RateLimitAopAutoConfiguration.class))
                    .withPropertyValues(YamlExample.merged(limitsFor(block.page())));
            for (Class<?> bean : beans) {
                application = application.withClassLoader(bean.getClassLoader()).withBean(bean);
            }
            application.run(context -> assertThat(context).hasNotFailed());
        });
    }

    @TestFactory
    Stream<DynamicTest> every_block_of_yaml_configures_an_application() {
        return tests("yaml", block -> true, block -> {
            assertThat(YamlExample.undocumented(block.text())).isEmpty();
            new ApplicationContextRunner()
                    .withConfiguration(AutoConfigurations.of(
                            AopAutoConfiguration.class,
                            DataRedisAutoConfiguration.class,
                            RateLimitAutoConfiguration.class,
                            RateLimitAopAutoConfiguration.class,
                            RateLimitRedisAutoConfiguration.class))
                    .withPropertyValues("ratelimit.store=memory")
                    .withPropertyValues(YamlExample.properties(block.text()))
                    .withPropertyValues("spring.data.redis.host=localhost", "spring.data.redis.port=1")
                    .run(context -> {
                        assertThat(context).hasNotFailed();
                        assertThat(YamlExample.limits(block.text()))
                                .allSatisfy(limit -> assertThat(context.getBean(RateLimiterRegistry.class)
                                                .find(limit))
                                        .isPresent());
                    });
        });
    }

    @TestFactory
    Stream<DynamicTest> every_session_with_the_sample_answers_as_printed() {
        return tests("console", block -> true, block -> {
            try (var context = new SpringApplicationBuilder(SampleApplication.class)
                    .initializers(application -> ((GenericApplicationContext) application)
                            .registerBean(
                                    RateLimitStore.class, () -> InMemoryRateLimitStore.create(new VirtualClock(), 100)))
                    .run("--server.port=0", "--spring.main.banner-mode=off", "--logging.level.root=warn")) {
                int port =
                        ((WebServerApplicationContext) context).getWebServer().getPort();
                StringBuilder replayed = new StringBuilder();
                for (String line : block.text().split("\n")) {
                    if (line.startsWith("$ ")) {
                        replayed.append(line).append('\n').append(Curl.run(line.substring(2), port));
                    }
                }
                assertThat(replayed.toString().strip())
                        .isEqualTo(Curl.withoutOtherHeaders(block.text()).strip());
            }
        });
    }

    @TestFactory
    Stream<DynamicTest> every_command_names_what_exists() {
        return tests(
                "bash",
                block -> true,
                block -> assertThat(block.text()
                                .replace("\\\n", " ")
                                .lines()
                                .flatMap(command -> CommandExample.mistakes(command).stream()))
                        .isEmpty());
    }

    @TestFactory
    Stream<DynamicTest> every_dependency_is_a_module_of_this_version() {
        return tests("xml", block -> true, block -> {
            Element dependency = DocumentBuilderFactory.newInstance()
                    .newDocumentBuilder()
                    .parse(new InputSource(new java.io.StringReader(block.text())))
                    .getDocumentElement();
            Page parent = Page.of(text(dependency, "artifactId") + "/pom.xml");
            assertThat(parent.text())
                    .contains("<groupId>" + text(dependency, "groupId") + "</groupId>")
                    .contains("<version>" + text(dependency, "version") + "</version>");
        });
    }

    @Test
    void every_link_within_the_repository_has_a_target() {
        List<String> broken = new ArrayList<>();
        for (Page page : Page.all()) {
            for (String link : page.links()) {
                if (!link.matches("https?://.*") && !resolves(page, link)) {
                    broken.add(page.path() + " -> " + link);
                }
            }
        }
        assertThat(broken).isEmpty();
    }

    @Test
    void every_page_in_docs_is_linked_from_the_readme() {
        assertThat(Page.of("README.md").links())
                .containsAll(Page.withExamples().stream()
                        .map(Page::path)
                        .filter(path -> path.startsWith("docs/"))
                        .toList());
    }

    @Test
    void every_type_and_method_in_a_sentence_exists() {
        List<String> unknown = new ArrayList<>();
        for (Page page : Page.all()) {
            for (String code : page.inlineCode()) {
                if (TYPE_OR_METHOD.matcher(code).matches() && !FOREIGN.contains(code)) {
                    for (String name : code.replace("()", "").split("[.#]")) {
                        if (!Sources.containWord(name)) {
                            unknown.add(page.path() + ": " + code);
                        }
                    }
                }
            }
        }
        assertThat(unknown).isEmpty();
    }

    @Test
    void every_property_and_meter_in_a_sentence_exists() {
        List<String> unknown = new ArrayList<>();
        for (Page page : Page.withExamples()) {
            for (String code : page.inlineCode()) {
                String name = code.split(":")[0].replace("ratelimit.limits.NAME.", "ratelimit.defaults.");
                if (OUR_PROPERTY.matcher(name).matches()
                        && !YamlExample.isDocumented(name)
                        && !YamlExample.isDocumented(name + ".enabled")
                        && !Sources.contain("\"" + name + "\"")) {
                    unknown.add(page.path() + ": " + code);
                }
            }
        }
        assertThat(unknown).isEmpty();
    }

    private static List<Page.Block> blocks() {
        return Page.withExamples().stream()
                .flatMap(page -> page.blocks().stream())
                .toList();
    }

    private static Stream<DynamicTest> tests(String language, Predicate<Page.Block> kind, ThrowingConsumer execution) {
        List<DynamicTest> tests = Page.examples(language).stream()
                .filter(Page.Block::isExecutedHere)
                .filter(kind)
                .map(block -> DynamicTest.dynamicTest(block.title(), (Executable) () -> execution.accept(block)))
                .toList();
        assertThat(tests).isNotEmpty();
        return tests.stream();
    }

    private JavaExample example(Page.Block block) {
        try {
            return new JavaExample(block, Files.createTempDirectory(directory, "example"));
        } catch (java.io.IOException ex) {
            throw new java.io.UncheckedIOException(ex);
        }
    }

    /** The limits of the README, which a reader has read, and those of the page. */
    private static List<String> limitsFor(Page page) {
        return Stream.of(Page.of("README.md"), page)
                .flatMap(source -> source.blocks("yaml").stream())
                .filter(Page.Block::isExecutedHere)
                .map(Page.Block::text)
                .filter(yaml -> !YamlExample.limits(yaml).isEmpty())
                .toList();
    }

    private static boolean resolves(Page page, String link) {
        String[] parts = link.split("#", 2);
        Path folder = Path.of(page.path()).getParent();
        Path target = parts[0].isEmpty()
                ? Path.of(page.path())
                : (folder == null ? Path.of(parts[0]) : folder.resolve(parts[0])).normalize();
        if (!Files.exists(Page.ROOT.resolve(target))) {
            return false;
        }
        return parts.length == 1 || Page.of(target.toString()).anchors().contains(parts[1]);
    }

    private static String text(Element element, String name) {
        return element.getElementsByTagName(name).item(0).getTextContent();
    }

    private interface ThrowingConsumer {
        void accept(Page.Block block) throws Throwable;
    }
}
