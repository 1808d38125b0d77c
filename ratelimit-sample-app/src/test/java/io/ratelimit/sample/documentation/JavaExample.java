package io.ratelimit.sample.documentation;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.springframework.core.annotation.AnnotatedElementUtils;
import org.springframework.stereotype.Component;

/**
 * A block of Java: whole types, members of a bean, or statements.
 *
 * <p>Whole types name their imports as they would in a file, or leave them out. {@code { … }} stands for a body that
 * does not matter. A statement that ends with {@code // => value} must give this value.
 */
final class JavaExample {

    private static final Pattern IMPORTS = Pattern.compile("\\A(?:import [^\n]+;\n|\\s*\n)*");
    private static final Pattern TYPE = Pattern.compile(
            "^(?:@\\w+(?:\\([^\n]*\\))?\\s+)*(?:(?:public|final|abstract) )*(?:class|record|interface|enum) (\\w+)",
            Pattern.MULTILINE);
    private static final Pattern MEMBER =
            Pattern.compile("^(?:@|public |private |protected )[^\n;]*$", Pattern.MULTILINE);
    private static final Pattern VALUE = Pattern.compile("^( *)(.+);\\s*// => (.+)$", Pattern.MULTILINE);
    private static final Pattern DECLARATION = Pattern.compile("[\\w.<>\\[\\]]+ (\\w+) = .+");

    /** Packages of ours, wherever their types are moved to. */
    private static final String OUR_PACKAGES = Stream.of(
                    "ratelimit-core", "ratelimit-spring-boot-starter", "ratelimit-test")
            .flatMap(module -> packages(Page.ROOT.resolve(module).resolve("src/main/java")))
            .map(name -> "import " + name + ".*;\n")
            .collect(Collectors.joining());

    private static final String IMPORTED = OUR_PACKAGES + """
            import io.ratelimit.sample.documentation.ExampleTypes.*;
            import java.time.*;
            import java.util.*;
            import java.util.concurrent.*;
            import org.springframework.stereotype.*;
            import reactor.core.publisher.*;
            """;

    private final Path directory;
    private final String imports;
    private final String body;

    JavaExample(Page.Block block, Path directory) {
        Matcher head = IMPORTS.matcher(block.text());
        int end = head.find() ? head.end() : 0;
        this.directory = directory;
        this.imports = block.text().substring(0, end);
        this.body = block.text().substring(end).replace("{ … }", "{ throw new UnsupportedOperationException(); }");
    }

    boolean hasStatements() {
        return !hasTypes() && !MEMBER.matcher(body).find();
    }

    private boolean hasTypes() {
        return TYPE.matcher(body).find();
    }

    /** Runs the statements, and fails if one of them does not give the value that stands beside it. */
    void run() throws Throwable {
        Class<?> example = compile(
                        "Example", "class Example { static void run() throws Exception {\n" + checked() + "}}")
                .get(0);
        Method run = example.getDeclaredMethod("run");
        run.setAccessible(true);
        try {
            run.invoke(null);
        } catch (InvocationTargetException ex) {
            throw ex.getTargetException();
        }
    }

    /** The beans of the example: its annotated types, or a type that has its members. */
    List<Class<?>> beans() throws Exception {
        if (!hasTypes()) {
            return compile("Example", "public class Example {\n" + body + "}");
        }
        Matcher type = TYPE.matcher(body);
        type.find();
        return compile(type.group(1), body).stream()
                .filter(bean -> AnnotatedElementUtils.hasAnnotation(bean, Component.class))
                .toList();
    }

    private List<Class<?>> compile(String name, String text) throws Exception {
        return JavaSource.compile(directory, name, "package example;\n" + imports + IMPORTED + text);
    }

    private String checked() {
        return VALUE.matcher(body).replaceAll(line -> {
            String statement = line.group(2);
            Matcher declaration = DECLARATION.matcher(statement);
            String checked = declaration.matches()
                    ? statement + "; " + check(declaration.group(1), line.group(3))
                    : check(statement, line.group(3));
            return Matcher.quoteReplacement(line.group(1) + checked);
        });
    }

    private static String check(String expression, String value) {
        return "org.assertj.core.api.Assertions.assertThat(String.valueOf((Object) " + expression + ")).isEqualTo(\""
                + value + "\");";
    }

    private static Stream<String> packages(Path sources) {
        try (Stream<Path> files = Files.walk(sources)) {
            return files
                    .filter(file -> file.toString().endsWith(".java"))
                    .filter(file -> !file.endsWith("package-info.java"))
                    .map(file -> sources.relativize(file.getParent()).toString().replace('/', '.'))
                    .distinct()
                    .sorted()
                    .toList()
                    .stream();
        } catch (IOException ex) {
            throw new UncheckedIOException(ex);
        }
    }
}
