package io.ratelimit.test.redis;

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
import redis.embedded.core.ExecutableProvider;

/** A way to run a server on a given port. */
interface RedisLauncher {

    /** How long a server may take to answer its first command. */
    long PATIENCE_MILLIS = 10_000;

    /** How long several servers may take to come to terms; sentinels that stood still for two seconds do nothing for thirty. */
    long AGREEMENT_MILLIS = 60_000;

    /** A home for one server, which has not started yet. */
    RedisRuntime home(int port);

    /** Docker, else a process, with options added. */
    static RedisLauncher any(List<String> options) {
        return isPresent("com.redis.testcontainers.RedisContainer") && DockerRuntime.isThere()
                ? port -> new DockerRuntime(port, options)
                : process(List.of(), options);
    }

    /** The {@code redis-server} of the {@code PATH}, else the embedded binary, with a file and options added. */
    static RedisLauncher process(List<String> configuration, List<String> options) {
        Path program = onPath().or(
                        () -> isPresent("redis.embedded.RedisServer") ? Embedded.program() : Optional.empty())
                .orElseThrow(() -> new IllegalStateException(
                        "These tests need a Redis server and found none: start Docker (with com.redis:testcontainers-redis "
                                + "on the class path; not for clusters and sentinels), or install redis-server on the PATH, "
                                + "or add com.github.codemonstur:embedded-redis to the class path"));
        return port -> new ProcessRuntime(program, port, configuration, options);
    }

    /** The embedded binary. */
    static RedisLauncher embedded() {
        if (!isPresent("redis.embedded.RedisServer")) {
            throw new IllegalStateException("Add com.github.codemonstur:embedded-redis to the class path");
        }
        Path program = Embedded.program()
                .orElseThrow(() -> new IllegalStateException("embedded-redis has no binary for this operating system"));
        return port -> new ProcessRuntime(program, port, List.of(), List.of());
    }

    /** Waits until a server answers, if only that it wants a password, or says why it does not. */
    static void awaitAnswer(int port, BooleanSupplier alive, Supplier<String> log) {
        long deadline = System.nanoTime() + PATIENCE_MILLIS * 1_000_000;
        while (System.nanoTime() < deadline && alive.getAsBoolean()) {
            if (answers(port)) {
                return;
            }
            pause();
        }
        throw new IllegalStateException("Redis did not start on port " + port + ". " + log.get());
    }

    /** Waits until several servers have come to terms, or says what they did not. */
    static void await(BooleanSupplier done, Supplier<String> failure) {
        long deadline = System.nanoTime() + AGREEMENT_MILLIS * 1_000_000;
        while (!done.getAsBoolean()) {
            if (System.nanoTime() > deadline) {
                throw new IllegalStateException(failure.get());
            }
            pause();
        }
    }

    private static void pause() {
        try {
            Thread.sleep(20);
        } catch (InterruptedException ex) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("Interrupted while waiting for Redis", ex);
        }
    }

    private static boolean answers(int port) {
        try (RespConnection connection = new RespConnection(RedisServer.HOST, port)) {
            connection.command("PING");
            return true;
        } catch (IllegalStateException ex) {
            return String.valueOf(ex.getMessage()).contains("NOAUTH");
        } catch (IOException ex) {
            return false;
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
