package io.ratelimit.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;

/** Beans of an application, each of a class of its own with an annotated method. */
final class GeneratedBeans implements AutoCloseable {

    /** The package of the classes, which an application scans. */
    static final String PACKAGE = "io.ratelimit.benchmarks.generated";

    private static final String SOURCE = """
            package %s;

            import io.ratelimit.annotation.RateLimited;
            import org.springframework.stereotype.Component;

            @Component
            public class Bean%s {

                @RateLimited(limit = "%s", key = "#userId")
                public String search(String userId) {
                    return userId;
                }
            }
            """;

    private final Path directory;

    private GeneratedBeans(Path directory) {
        this.directory = directory;
    }

    /** {@return the name of a limit, which the bean of the same number names} */
    static String limit(int number) {
        return String.format(Locale.ROOT, "limit-%04d", number);
    }

    /** Compiles the classes into a temporary directory. */
    static GeneratedBeans compile(int beans) throws IOException {
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        if (compiler == null) {
            throw new IllegalStateException("This Java has no compiler; run the benchmarks with a JDK");
        }
        Path directory = Files.createTempDirectory("ratelimit-beans");
        List<String> arguments = new ArrayList<>(
                List.of("-proc:none", "-parameters", "-classpath", System.getProperty("java.class.path"), "-d"));
        arguments.add(directory.toString());
        for (int i = 0; i < beans; i++) {
            Path source = directory.resolve("Bean" + i + ".java");
            Files.writeString(source, SOURCE.formatted(PACKAGE, i, limit(i)));
            arguments.add(source.toString());
        }
        if (compiler.run(null, null, null, arguments.toArray(String[]::new)) != 0) {
            throw new IllegalStateException("The generated beans do not compile; see the messages on the console");
        }
        return new GeneratedBeans(directory);
    }

    Path directory() {
        return directory;
    }

    @Override
    public void close() throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
