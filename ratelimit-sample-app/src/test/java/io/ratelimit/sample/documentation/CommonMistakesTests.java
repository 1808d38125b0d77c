package io.ratelimit.sample.documentation;

import static org.assertj.core.api.Assertions.assertThat;

import io.ratelimit.aop.RateLimitAopAutoConfiguration;
import io.ratelimit.autoconfigure.RateLimitAutoConfiguration;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.aop.AopAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.core.NestedExceptionUtils;

/** Starts an application with each of the common mistakes that the page of the annotation lists. */
class CommonMistakesTests {

    private static final Page PAGE = Page.of("docs/annotation.md");
    private static final Pattern ROW =
            Pattern.compile("^\\| ([^`|]+) \\| `([^`]+)` \\| `([^`]+)` \\|$", Pattern.MULTILINE);
    private static final String IMPORTS = """
            package example;
            import io.ratelimit.annotation.*;
            import java.net.http.*;
            import org.springframework.context.annotation.*;
            """;

    /** A row of the table. */
    private record Mistake(String name, String code, String message) {

        /** The file with the code: a whole type, or members of one. */
        String source() {
            String code = this.code.replace("{ … }", "{ throw new UnsupportedOperationException(); }");
            return IMPORTS + (code.contains("class ") ? code : "public class Search {\n" + code + "}\n");
        }
    }

    @TempDir(cleanup = CleanupMode.ALWAYS)
    Path directory;

    @Test
    void the_page_lists_the_ten_commonest() {
        assertThat(mistakes()).hasSize(10);
    }

    @TestFactory
    Stream<DynamicTest> each_mistake_stops_the_start_with_the_message_beside_it() {
        return mistakes().stream()
                .map(mistake -> DynamicTest.dynamicTest(
                        mistake.name(), () -> assertThat(startWith(mistake)).isEqualTo(mistake.message())));
    }

    private String startWith(Mistake mistake) throws Exception {
        Class<?> bean = JavaSource.compile(Files.createTempDirectory(directory, "mistake"), "Search", mistake.source())
                .get(0);
        String[] message = new String[1];
        new ApplicationContextRunner()
                .withClassLoader(bean.getClassLoader())
                .withConfiguration(AutoConfigurations.of(
                        AopAutoConfiguration.class,
                        RateLimitAutoConfiguration.class,
                        RateLimitAopAutoConfiguration.class))
                .withPropertyValues(YamlExample.merged(PAGE.blocks("yaml").stream()
                        .map(Page.Block::text)
                        .filter(yaml -> !YamlExample.limits(yaml).isEmpty())
                        .toList()))
                .withUserConfiguration(bean)
                .run(context -> {
                    assertThat(context).hasFailed();
                    message[0] = message(context.getStartupFailure());
                });
        return message[0].replace("example.", "com.acme.");
    }

    /** The message of the annotation's mistake, whichever exceptions surround it. */
    private static String message(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof io.ratelimit.aop.InvalidRateLimitedException) {
                return cause.getMessage();
            }
        }
        throw new AssertionError("Another failure", NestedExceptionUtils.getMostSpecificCause(failure));
    }

    private static List<Mistake> mistakes() {
        return ROW.matcher(PAGE.text())
                .results()
                .map(row -> new Mistake(row.group(1), row.group(2), row.group(3)))
                .toList();
    }
}
