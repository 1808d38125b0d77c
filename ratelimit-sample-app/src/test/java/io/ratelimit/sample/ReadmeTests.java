package io.ratelimit.sample;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ratelimit.InMemoryRateLimitStore;
import io.ratelimit.RateLimitExceededException;
import io.ratelimit.RateLimitStore;
import io.ratelimit.test.VirtualClock;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Properties;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.beans.factory.config.YamlPropertiesFactoryBean;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.aop.AopAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.web.server.context.WebServerApplicationContext;
import org.springframework.core.io.ByteArrayResource;

/** Executes the README: what it shows is what happens. */
class ReadmeTests {

    private static final String README = read();

    @TempDir
    Path compiled;

    @Test
    void the_first_five_minutes_limit_the_eleventh_search_of_a_user() throws Exception {
        Class<?> service = compile("SearchService", block("java", "public class SearchService"));
        new ApplicationContextRunner()
                .withClassLoader(service.getClassLoader())
                .withConfiguration(AutoConfigurations.of(
                        AopAutoConfiguration.class,
                        io.ratelimit.autoconfigure.RateLimitAutoConfiguration.class,
                        io.ratelimit.aop.RateLimitAopAutoConfiguration.class))
                .withPropertyValues(yaml(block("yaml", "ratelimit:")))
                .withBean(RateLimitStore.class, () -> InMemoryRateLimitStore.create(new VirtualClock(), 100))
                .withBean(service)
                .run(context -> {
                    Object bean = context.getBean(service);
                    for (int i = 0; i < 10; i++) {
                        assertThat(call(bean, "search", "user-42", "tea")).isEqualTo(List.of("a hit for tea"));
                    }
                    assertThatThrownBy(() -> call(bean, "search", "user-42", "tea"))
                            .isInstanceOf(RateLimitExceededException.class);
                    assertThat(call(bean, "search", "user-43", "tea")).isEqualTo(List.of("a hit for tea"));
                    assertThat(call(bean, "report", "acme", 10_000)).isEqualTo("10000 rows for acme");
                    assertThatThrownBy(() -> call(bean, "report", "acme", 1))
                            .isInstanceOf(RateLimitExceededException.class);
                });
    }

    @TestFactory
    List<DynamicTest> every_line_of_java_that_shows_a_value_gives_that_value() {
        List<DynamicTest> tests = new ArrayList<>();
        for (String block : blocks("java")) {
            if (block.contains("// => ")) {
                tests.add(DynamicTest.dynamicTest(block.lines().findFirst().orElse(""), () -> {
                    Class<?> example = compile(
                            "Example",
                            "class Example { static void run() {\n"
                                    + Pattern.compile("^(.+);\\s*// => (.+)$", Pattern.MULTILINE)
                                            .matcher(block)
                                            .replaceAll(
                                                    "org.assertj.core.api.Assertions.assertThat(String.valueOf($1)).isEqualTo(\"$2\");")
                                    + "}}");
                    var run = example.getDeclaredMethod("run");
                    run.setAccessible(true);
                    run.invoke(null);
                }));
            }
        }
        assertThat(tests).hasSizeGreaterThan(1);
        return tests;
    }

    @Test
    void the_test_of_a_store_compiles() throws Exception {
        Class<?> contract = compile("MyStoreTests", """
                import io.ratelimit.test.*;
                import java.time.Duration;
                import java.util.concurrent.CompletionStage;
                class MyStore implements RateLimitStore {
                    private final InMemoryRateLimitStore memory;
                    MyStore(java.util.function.LongSupplier clock) { memory = InMemoryRateLimitStore.create(clock, 100); }
                    public String name() { return "mine"; }
                    public Decision decide(List<Charge> charges, Duration maxWait) {
                        return memory.decide(charges, maxWait);
                    }
                    public CompletionStage<Decision> decideAsync(List<Charge> charges, Duration maxWait) {
                        return memory.decideAsync(charges, maxWait);
                    }
                    public CompletionStage<Void> refund(Decision taken, List<Charge> unused) {
                        return memory.refund(taken, unused);
                    }
                    public CompletionStage<Void> debit(Decision taken, List<Charge> more) {
                        return memory.debit(taken, more);
                    }
                    public CompletionStage<List<LeaseState>> renew(List<Decision> decisions) {
                        return memory.renew(decisions);
                    }
                    public void onLeaseReady(java.util.function.LongConsumer listener) { memory.onLeaseReady(listener); }
                    public void reset(Limit limit, String key) { memory.reset(limit, key); }
                    public void close() { memory.close(); }
                }
                """ + block("java", "extends RateLimitStoreContract"));
        assertThat(contract).isAssignableTo(io.ratelimit.test.RateLimitStoreContract.class);
    }

    @Test
    void the_session_with_the_sample_answers_as_printed() throws Exception {
        String session = block("console", "$ curl");
        try (var context = new SpringApplicationBuilder(SampleApplication.class)
                .initializers(application -> ((org.springframework.context.support.GenericApplicationContext)
                                application)
                        .registerBean(
                                RateLimitStore.class, () -> InMemoryRateLimitStore.create(new VirtualClock(), 100)))
                .run("--server.port=0")) {
            int port = ((WebServerApplicationContext) context).getWebServer().getPort();
            StringBuilder replayed = new StringBuilder();
            for (String line : session.split("\n")) {
                if (line.startsWith("$ ")) {
                    replayed.append(line).append('\n').append(Curl.run(line.substring(2), port));
                }
            }
            assertThat(replayed.toString().strip())
                    .isEqualTo(Curl.withoutOtherHeaders(session).strip());
        }
    }

    private Class<?> compile(String name, String body) throws Exception {
        return JavaSource.compile(compiled, name, """
                package readme;
                import io.ratelimit.*;
                import io.ratelimit.annotation.*;
                import java.time.Duration;
                import java.util.*;
                import org.springframework.stereotype.Service;
                """ + body);
    }

    private static Object call(Object bean, String method, Object... arguments) throws Throwable {
        for (var candidate : bean.getClass().getMethods()) {
            if (candidate.getName().equals(method)) {
                try {
                    return candidate.invoke(bean, arguments);
                } catch (InvocationTargetException ex) {
                    throw ex.getTargetException();
                }
            }
        }
        throw new NoSuchMethodException(method);
    }

    private static String[] yaml(String text) {
        var factory = new YamlPropertiesFactoryBean();
        factory.setResources(new ByteArrayResource(text.getBytes()));
        Properties properties = Objects.requireNonNull(factory.getObject());
        return properties.stringPropertyNames().stream()
                .map(name -> name + "=" + properties.getProperty(name))
                .toArray(String[]::new);
    }

    private static String block(String language, String containing) {
        return blocks(language).stream()
                .filter(block -> block.contains(containing))
                .findFirst()
                .orElseThrow();
    }

    private static List<String> blocks(String language) {
        Matcher fence = Pattern.compile("^```" + language + "\n(.*?)^```", Pattern.MULTILINE | Pattern.DOTALL)
                .matcher(README);
        return fence.results().map(block -> block.group(1)).toList();
    }

    private static String read() {
        try {
            return Files.readString(Path.of("../README.md"));
        } catch (IOException ex) {
            throw new java.io.UncheckedIOException(ex);
        }
    }
}
