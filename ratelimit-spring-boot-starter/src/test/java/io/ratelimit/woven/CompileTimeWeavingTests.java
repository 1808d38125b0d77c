package io.ratelimit.woven;

import static org.assertj.core.api.Assertions.assertThat;

import io.ratelimit.aop.RateLimitAspect;
import java.io.File;
import java.io.IOException;
import java.lang.reflect.Method;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.aspectj.bridge.IMessage;
import org.aspectj.bridge.MessageHandler;
import org.aspectj.tools.ajc.Main;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The AspectJ compiler wove these classes when the application was built; a class loader has them and the jars. */
class CompileTimeWeavingTests {

    private static final String CLASS_PATH = System.getProperty("java.class.path");

    private static URLClassLoader loader;

    @BeforeAll
    static void weave(@TempDir Path directory) throws IOException {
        Path input = Files.createDirectories(directory.resolve("in/io/ratelimit/woven"));
        try (Stream<Path> compiled = Files.list(location(Shop.class).resolve("io/ratelimit/woven"))) {
            for (Path file : compiled.toList()) {
                Files.copy(file, input.resolve(file.getFileName()));
            }
        }
        Path woven = directory.resolve("woven");
        MessageHandler messages = new MessageHandler();
        new Main()
                .run(
                        new String[] {
                            "-17",
                            "-inpath",
                            directory.resolve("in").toString(),
                            "-aspectpath",
                            location(RateLimitAspect.class).toString(),
                            "-classpath",
                            CLASS_PATH,
                            "-Xlint:ignore",
                            "-d",
                            woven.toString()
                        },
                        messages);
        assertThat(messages.getMessages(IMessage.ERROR, true)).isEmpty();
        URL[] urls = Stream.concat(
                        Stream.of(woven),
                        Stream.of(CLASS_PATH.split(File.pathSeparator)).map(Path::of))
                .map(CompileTimeWeavingTests::url)
                .toArray(URL[]::new);
        loader = new URLClassLoader(urls, ClassLoader.getPlatformClassLoader());
    }

    @AfterAll
    static void close() throws IOException {
        loader.close();
    }

    static Stream<String> scenarios() {
        return WovenScenarios.names().stream();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("scenarios")
    void compiledWithTheAspect(String scenario) throws Exception {
        Thread thread = Thread.currentThread();
        ClassLoader before = thread.getContextClassLoader();
        thread.setContextClassLoader(loader);
        try {
            Method run = loader.loadClass(WovenScenarios.class.getName()).getMethod("run", String.class);
            assertThat(run.invoke(null, scenario)).isEqualTo("passed");
        } finally {
            thread.setContextClassLoader(before);
        }
    }

    private static Path location(Class<?> type) {
        return Path.of(type.getProtectionDomain().getCodeSource().getLocation().getPath());
    }

    private static URL url(Path entry) {
        try {
            return entry.toUri().toURL();
        } catch (MalformedURLException ex) {
            throw new IllegalArgumentException(ex);
        }
    }
}
