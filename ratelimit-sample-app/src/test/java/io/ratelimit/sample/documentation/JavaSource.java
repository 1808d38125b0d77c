package io.ratelimit.sample.documentation;

import java.io.StringWriter;
import java.net.URI;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.List;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;

/** Compiles a class of the package {@code readme} out of a text. */
final class JavaSource extends SimpleJavaFileObject {

    private final String text;

    private JavaSource(String name, String text) {
        super(URI.create("string:///readme/" + name + ".java"), JavaFileObject.Kind.SOURCE);
        this.text = text;
    }

    static Class<?> compile(Path directory, String name, String text) throws Exception {
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
            throw new AssertionError("The README does not compile:\n" + errors + "\n" + text);
        }
        URL[] path = {directory.toUri().toURL()};
        return new URLClassLoader(path, JavaSource.class.getClassLoader()).loadClass("readme." + name);
    }

    @Override
    public CharSequence getCharContent(boolean ignoreEncodingErrors) {
        return text;
    }
}
