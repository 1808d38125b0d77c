package io.ratelimit.test.redis;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** A server that runs as a process of this machine, in a directory that goes with it. */
final class ServerProcess implements AutoCloseable {

    private final Process process;
    private final Path directory;
    private final Thread atExit = new Thread(this::end, "end-redis");

    private ServerProcess(Process process, Path directory) {
        this.process = process;
        this.directory = directory;
    }

    static ServerProcess start(Path program, int port, List<String> options) {
        try {
            Path directory = Files.createTempDirectory("redis");
            List<String> command = new ArrayList<>(List.of(program.toString(), "--port", String.valueOf(port)));
            command.addAll(List.of("--bind", RedisServer.HOST, "--save", "", "--appendonly", "no"));
            command.addAll(options);
            Path log = directory.resolve("log");
            Process process = new ProcessBuilder(command)
                    .directory(directory.toFile())
                    .redirectErrorStream(true)
                    .redirectOutput(log.toFile())
                    .start();
            ServerProcess server = new ServerProcess(process, directory);
            Runtime.getRuntime().addShutdownHook(server.atExit);
            try {
                RedisLauncher.awaitAnswer(port, process::isAlive, () -> read(log));
            } catch (IllegalStateException ex) {
                server.close();
                throw ex;
            }
            return server;
        } catch (IOException ex) {
            throw new UncheckedIOException(program + " could not be started", ex);
        }
    }

    @Override
    public void close() {
        end();
        try {
            Runtime.getRuntime().removeShutdownHook(atExit);
        } catch (IllegalStateException ex) {
            // The JVM is ending, and the hook finds nothing left to do.
        }
    }

    private void end() {
        process.destroyForcibly();
        try {
            process.waitFor();
        } catch (InterruptedException ex) {
            Thread.currentThread().interrupt();
        }
        try (Stream<Path> files = Files.walk(directory)) {
            files.sorted(Comparator.reverseOrder())
                    .forEach(file -> file.toFile().delete());
        } catch (IOException | UncheckedIOException ex) {
            directory.toFile().deleteOnExit();
        }
    }

    private static String read(Path log) {
        try {
            return Files.readString(log);
        } catch (IOException ex) {
            return "It left no log.";
        }
    }
}
