package io.ratelimit.test.redis;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import redis.embedded.core.ExecutableProvider;

/** Creates the runtime of a server on a given port. */
interface RedisLauncher {

    /** Creates a runtime whose server has not been started yet. */
    RedisRuntime runtime(int port);

    /** Uses Docker if it is available, or else a process, with additional command-line options. */
    static RedisLauncher any(List<String> options) {
        return isPresent("com.redis.testcontainers.RedisContainer") && DockerRuntime.isAvailable()
                ? port -> new DockerRuntime(port, options)
                : process(List.of(), options);
    }

    /**
     * Uses {@code redis-server} from the {@code PATH}, or else the embedded binary.
     *
     * @param configuration the lines of a configuration file, which the server may rewrite; empty if it needs no file
     * @param options additional command-line options
     */
    static RedisLauncher process(List<String> configuration, List<String> options) {
        Path program = onPath().or(
                        () -> isPresent("redis.embedded.RedisServer") ? Embedded.program() : Optional.empty())
                .orElseThrow(() -> new IllegalStateException(
                        "These tests need a Redis server, and none was found: start Docker (with com.redis:testcontainers-redis "
                                + "on the class path; not for clusters and sentinels), or install redis-server on the PATH, "
                                + "or add com.github.codemonstur:embedded-redis to the class path"));
        return port -> new ProcessRuntime(program, port, configuration, options);
    }

    /** Uses the embedded binary. */
    static RedisLauncher embedded() {
        if (!isPresent("redis.embedded.RedisServer")) {
            throw new IllegalStateException(
                    "No embedded Redis found: add com.github.codemonstur:embedded-redis to the class path");
        }
        Path program = Embedded.program()
                .orElseThrow(
                        () -> new IllegalStateException(
                                "embedded-redis has no binary for this operating system; install redis-server on the PATH instead"));
        return port -> new ProcessRuntime(program, port, List.of(), List.of());
    }

    private static Optional<Path> onPath() {
        @Nullable String path = System.getenv("PATH");
        return path == null
                ? Optional.empty()
                : Stream.of(path.split(Pattern.quote(File.pathSeparator)))
                        .map(folder -> Path.of(folder, "redis-server"))
                        .filter(Files::isExecutable)
                        .findFirst();
    }

    private static boolean isPresent(String className) {
        try {
            Class.forName(className, false, RedisLauncher.class.getClassLoader());
            return true;
        } catch (ClassNotFoundException ex) {
            return false;
        }
    }

    /** Unpacks the binary of embedded-redis, which is an optional dependency. */
    final class Embedded {

        private Embedded() {}

        static Optional<Path> program() {
            try {
                File program = ExecutableProvider.newJarResourceProvider().get();
                program.deleteOnExit();
                return Optional.of(program.toPath());
            } catch (IOException ex) {
                throw new UncheckedIOException("The embedded Redis could not be unpacked", ex);
            }
        }
    }
}
