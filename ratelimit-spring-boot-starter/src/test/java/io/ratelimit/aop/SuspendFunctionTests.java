package io.ratelimit.aop;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.lang.reflect.Method;
import java.net.URI;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Kotlin is not on the class path; what its compiler makes of a suspend function is made by hand, in a class loader of its own. */
class SuspendFunctionTests {

    private static final Map<String, String> SOURCES = Map.of(
            "kotlin.Metadata",
            "package kotlin; @java.lang.annotation.Retention(java.lang.annotation.RetentionPolicy.RUNTIME) public @interface Metadata {}",
            "kotlin.coroutines.Continuation",
            "package kotlin.coroutines; public interface Continuation<T> {}",
            "kotlinx.coroutines.flow.Flow",
            "package kotlinx.coroutines.flow; public interface Flow<T> {}",
            "acme.Search",
            """
            package acme;
            @kotlin.Metadata
            public class Search {
                public Object find(String query, kotlin.coroutines.Continuation<String> continuation) { return null; }
                public kotlinx.coroutines.flow.Flow<String> all() { return null; }
                public String plain(String query) { return null; }
            }
            """);

    @Test
    void aSuspendFunctionAndAFlowAreRefusedWithAReason(@TempDir Path classes) throws Exception {
        compile(classes);
        List<URL> urls = new ArrayList<>(List.of(classes.toUri().toURL()));
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
            urls.add(Path.of(entry).toUri().toURL());
        }
        try (URLClassLoader loader =
                new URLClassLoader(urls.toArray(URL[]::new), ClassLoader.getPlatformClassLoader())) {
            Class<?> search = loader.loadClass("acme.Search");
            Method probe = loader.loadClass(Probe.class.getName()).getMethod("answer", Class.class, String.class);
            for (String name : List.of("find", "all")) {
                assertThat(probe.invoke(null, search, name))
                        .asString()
                        .startsWith("Invalid @RateLimited on acme.Search#" + name + "(")
                        .contains("suspend functions and flows cannot be limited");
            }
            assertThat(probe.invoke(null, search, "plain")).isEqualTo("VALUE");
        }
    }

    private static void compile(Path classes) {
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        List<JavaFileObject> sources = new ArrayList<>();
        SOURCES.forEach((name, text) -> sources.add(
                new SimpleJavaFileObject(
                        URI.create("string:///" + name.replace('.', '/') + ".java"), JavaFileObject.Kind.SOURCE) {
                    @Override
                    public CharSequence getCharContent(boolean ignoreEncodingErrors) {
                        return text;
                    }
                }));
        assertThat(compiler.getTask(null, null, null, List.of("-proc:none", "-d", classes.toString()), null, sources)
                        .call())
                .isTrue();
    }

    public static final class Probe {

        public static String answer(Class<?> type, String name) {
            Method method = Arrays.stream(type.getMethods())
                    .filter(candidate -> candidate.getName().equals(name))
                    .findFirst()
                    .orElseThrow();
            try {
                return Returns.of(new Site(method, type, "method", name)).name();
            } catch (InvalidRateLimitedException ex) {
                return String.valueOf(ex.getMessage());
            }
        }
    }
}
