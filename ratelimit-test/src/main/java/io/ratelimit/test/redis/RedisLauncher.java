package io.ratelimit.test.redis;

import com.redis.testcontainers.RedisContainer;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.testcontainers.DockerClientFactory;
import redis.embedded.core.ExecutableProvider;

/** A way to start a server on a given port. */
interface RedisLauncher {

    /** How long a server may take to answer its first command. */
    long PATIENCE_MILLIS = 10_000;

    /** Starts a server and waits until it answers; closing the result ends it at once. */
    AutoCloseable launch(int port);

    /** Docker, else a process. */
    static RedisLauncher any() {
        return isPresent("com.redis.testcontainers.RedisContainer") && Docker.isRunning()
                ? Docker::launch
                : process(List.of());
    }

    /** The {@code redis-server} of the {@code PATH}, else the embedded binary, with options added. */
    static RedisLauncher process(List<String> options) {
        Path program = onPath().or(
                        () -> isPresent("redis.embedded.RedisServer") ? Embedded.program() : Optional.empty())
                .orElseThrow(() -> new IllegalStateException(
                        "These tests need a Redis server and found none: start Docker (with com.redis:testcontainers-redis "
                                + "on the class path; not for clusters), or install redis-server on the PATH, or add "
                                + "com.github.codemonstur:embedded-redis to the class path"));
        return port -> ServerProcess.start(program, port, options);
    }

    /** The embedded binary. */
    static RedisLauncher embedded() {
        if (!isPresent("redis.embedded.RedisServer")) {
            throw new IllegalStateException("Add com.github.codemonstur:embedded-redis to the class path");
        }
        Path program = Embedded.program()
                .orElseThrow(() -> new IllegalStateException("embedded-redis has no binary for this operating system"));
        return port -> ServerProcess.start(program, port, List.of());
    }

    /** Waits until a server answers, or says why it does not. */
    static void awaitAnswer(int port, BooleanSupplier alive, Supplier<String> log) {
        long deadline = System.nanoTime() + PATIENCE_MILLIS * 1_000_000;
        while (System.nanoTime() < deadline && alive.getAsBoolean()) {
            try (RespConnection connection = new RespConnection(RedisServer.HOST, port)) {
                connection.command("PING");
                return;
            } catch (IOException | IllegalStateException ex) {
                pause();
            }
        }
        throw new IllegalStateException("Redis did not start on port " + port + ". " + log.get());
    }

    /** A short wait between two looks at a server. */
    static void pause() {
        try {
            Thread.sleep(20);
        } catch (InterruptedException ex) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("Interrupted while waiting for Redis", ex);
        }
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

    /** Needs Testcontainers. */
    final class Docker {

        private Docker() {}

        static boolean isRunning() {
            return DockerClientFactory.instance().isDockerAvailable();
        }

        @SuppressWarnings("resource")
        static AutoCloseable launch(int port) {
            RedisContainer container = new RedisContainer("redis:7-alpine")
                    .withCommand("redis-server", "--save", "", "--appendonly", "no");
            container.setPortBindings(List.of(port + ":6379"));
            container.start();
            awaitAnswer(port, container::isRunning, container::getLogs);
            return container;
        }
    }

    /** Needs embedded-redis. */
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
