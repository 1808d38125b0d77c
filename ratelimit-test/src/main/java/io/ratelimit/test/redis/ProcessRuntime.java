package io.ratelimit.test.redis;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Runs a server as a process of this machine, in a directory of its own. */
final class ProcessRuntime implements RedisRuntime {

    private static final String CONFIGURATION = "server.conf";
    /** Written even without persistence, by SAVE and by a replica that copies its master. */
    private static final String DATA = "dump.rdb";

    private final Path program;
    private final int port;
    private final List<String> configuration;
    private final List<String> options;
    private final Thread atExit = new Thread(this::discard, "end-redis");
    private @Nullable Path directory;
    private @Nullable Process process;

    /**
     * Creates a runtime whose server has not been started yet.
     *
     * @param configuration the lines of a configuration file, which the server may rewrite; empty if it needs no file
     * @param options additional command-line options
     */
    ProcessRuntime(Path program, int port, List<String> configuration, List<String> options) {
        this.program = program;
        this.port = port;
        this.configuration = configuration;
        this.options = options;
    }

    @Override
    public void start() {
        try {
            Path home = directory();
            Files.deleteIfExists(home.resolve(DATA));
            Path log = home.resolve("log");
            Process started = new ProcessBuilder(command())
                    .directory(home.toFile())
                    .redirectErrorStream(true)
                    .redirectOutput(log.toFile())
                    .start();
            process = started;
            RedisReadiness.awaitAnswer(port, started::isAlive, () -> read(log));
        } catch (IOException ex) {
            throw new UncheckedIOException(program + " could not be started; check that the file is executable", ex);
        } catch (IllegalStateException ex) {
            end();
            throw ex;
        }
    }

    @Override
    public void end() {
        Process ending = process;
        if (ending != null) {
            ending.destroyForcibly();
            await(ending);
        }
    }

    @Override
    public void freeze() {
        signal("-STOP");
    }

    @Override
    public void thaw() {
        signal("-CONT");
    }

    @Override
    public void clear() {
        discard();
        directory = null;
        try {
            Runtime.getRuntime().removeShutdownHook(atExit);
        } catch (IllegalStateException ex) {
            // The JVM is shutting down, and the hook has nothing left to delete.
        }
    }

    private List<String> command() {
        List<String> command = new ArrayList<>(List.of(program.toString()));
        if (!configuration.isEmpty()) {
            command.add(CONFIGURATION);
        }
        command.addAll(List.of("--port", String.valueOf(port), "--bind", RedisRuntime.HOST));
        command.addAll(List.of("--save", "", "--appendonly", "no"));
        command.addAll(options);
        return command;
    }

    private Path directory() throws IOException {
        Path existing = directory;
        if (existing != null) {
            return existing;
        }
        Path created = Files.createTempDirectory("redis");
        directory = created;
        Runtime.getRuntime().addShutdownHook(atExit);
        Files.write(created.resolve(CONFIGURATION), configuration);
        return created;
    }

    private void signal(String signal) {
        Process target = process;
        if (target == null) {
            return;
        }
        try {
            Process kill = new ProcessBuilder("kill", signal, String.valueOf(target.pid())).start();
            await(kill);
            if (kill.exitValue() != 0) {
                throw new IllegalStateException("kill " + signal + " failed for Redis on port " + port);
            }
        } catch (IOException ex) {
            throw new UncheckedIOException(
                    "Freezing a server needs the program \"kill\", which this machine lacks", ex);
        }
    }

    private void discard() {
        end();
        Path home = directory;
        if (home == null) {
            return;
        }
        try (Stream<Path> files = Files.walk(home)) {
            files.sorted(Comparator.reverseOrder())
                    .forEach(file -> file.toFile().delete());
        } catch (IOException | UncheckedIOException ex) {
            home.toFile().deleteOnExit();
        }
    }

    /** Waits without a reaction to interrupts, because a killed server ends soon; restores the interrupt flag. */
    private static void await(Process process) {
        boolean interrupted = false;
        while (process.isAlive()) {
            try {
                process.waitFor();
            } catch (InterruptedException ex) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private static String read(Path log) {
        try {
            return Files.readString(log);
        } catch (IOException ex) {
            return "The server left no log.";
        }
    }
}
