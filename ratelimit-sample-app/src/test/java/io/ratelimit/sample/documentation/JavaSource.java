package io.ratelimit.sample.documentation;

import java.io.StringWriter;
import java.net.URI;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;

/** Compiles a file of the package {@code example}. */
final class JavaSource extends SimpleJavaFileObject {

    private final String text;

    private JavaSource(String name, String text) {
        super(URI.create("string:///example/" + name + ".java"), JavaFileObject.Kind.SOURCE);
        this.text = text;
    }

    /** Compiles the file, and returns its types in the order of their names. */
    static List<Class<?>> compile(Path directory, String name, String text) throws Exception {
        StringWriter errors = new StringWriter();
        boolean compiled = ToolProvider.getSystemJavaCompiler()
                .getTask(
                        errors,
                        null,
                        null,
                        List.of("-proc:none", "-parameters", "-d", directory.toString()),
                        null,
                        List.of(new JavaSource(name, text)))
                .call();
        if (!compiled) {
            throw new AssertionError("The example does not compile:\n" + errors + "\n" + text);
        }
        URL[] path = {directory.toUri().toURL()};
        ClassLoader loader = new URLClassLoader(path, JavaSource.class.getClassLoader());
        try (Stream<Path> files = Files.list(directory.resolve("example"))) {
            List<String> names = files.map(file -> file.getFileName().toString())
                    .filter(file -> !file.contains("$"))
                    .map(file -> "example." + file.replace(".class", ""))
                    .sorted()
                    .toList();
            List<Class<?>> types = new java.util.ArrayList<>();
            for (String type : names) {
                types.add(loader.loadClass(type));
            }
            return types;
        }
    }

    @Override
    public CharSequence getCharContent(boolean ignoreEncodingErrors) {
        return text;
    }
}
