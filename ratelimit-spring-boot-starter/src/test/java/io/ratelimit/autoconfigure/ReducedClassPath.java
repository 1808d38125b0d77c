package io.ratelimit.autoconfigure;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.File;
import java.io.IOException;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The class path of the tests without some libraries. The classes of this project are loaded again from it, so loading
 * fails if one of them needs a missing library.
 */
public final class ReducedClassPath implements AutoCloseable {

    private final URLClassLoader loader;
    private final ClassLoader before = Thread.currentThread().getContextClassLoader();

    private ReducedClassPath(URLClassLoader loader) {
        this.loader = loader;
        Thread.currentThread().setContextClassLoader(loader);
    }

    /**
     * Removes the jars whose names begin with a pattern, and checks that a class of theirs is gone. Resilience4j is
     * always removed, because its auto-configuration needs libraries that are optional here.
     */
    public static ReducedClassPath without(String jars, String absent) {
        URLClassLoader loader = loader(left(jars));
        assertThatThrownBy(() -> loader.loadClass(absent)).isInstanceOf(ClassNotFoundException.class);
        return new ReducedClassPath(loader);
    }

    /** Puts the jars of a directory in the place of those whose names begin with a pattern. */
    public static ReducedClassPath withOthers(String jars, Path directory) throws IOException {
        try (Stream<Path> others = Files.list(directory)) {
            return new ReducedClassPath(loader(Stream.concat(left(jars), others)));
        }
    }

    private static Stream<Path> left(String jars) {
        Pattern removed = Pattern.compile("(resilience4j-|" + jars + ").*");
        return Stream.of(System.getProperty("java.class.path").split(Pattern.quote(File.pathSeparator)))
                .map(Path::of)
                .filter(entry ->
                        !removed.matcher(entry.getFileName().toString()).matches());
    }

    private static URLClassLoader loader(Stream<Path> entries) {
        return new URLClassLoader(
                entries.map(ReducedClassPath::url).toArray(URL[]::new), ClassLoader.getPlatformClassLoader());
    }

    /** Creates a task on this class path with its only constructor, and runs it. */
    public Object call(Class<? extends Callable<?>> task, Object... arguments) throws Exception {
        return ((Callable<?>)
                        loader.loadClass(task.getName()).getConstructors()[0].newInstance(arguments))
                .call();
    }

    @Override
    public void close() throws IOException {
        Thread.currentThread().setContextClassLoader(before);
        loader.close();
    }

    private static URL url(Path entry) {
        try {
            return entry.toUri().toURL();
        } catch (MalformedURLException ex) {
            throw new IllegalArgumentException(ex);
        }
    }
}
