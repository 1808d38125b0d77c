package io.ratelimit.benchmarks;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/**
 * A new JVM with the class path of this one. It answers each line of input with a line of output, and exits when its
 * input ends.
 */
final class ForkedJvm implements AutoCloseable {

    /** The options of a JVM if nothing else is measured than the time of calls. */
    static final List<String> OPTIONS = List.of("-Xmx1g", "-XX:+UseG1GC");

    private static final long PATIENCE_SECONDS = 30;

    private final Process process;
    private final PrintStream questions;
    private final BufferedReader answers;

    private ForkedJvm(Process process) {
        this.process = process;
        this.questions = new PrintStream(process.getOutputStream(), true, StandardCharsets.UTF_8);
        this.answers = process.inputReader(StandardCharsets.UTF_8);
    }

    /**
     * Starts a main class.
     *
     * @param options the options of the JVM
     */
    static ForkedJvm of(Class<?> main, List<String> options, String... arguments) throws IOException {
        return of(main, System.getProperty("java.class.path"), options, arguments);
    }

    private static ForkedJvm of(Class<?> main, String classPath, List<String> options, String... arguments)
            throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(options);
        command.addAll(List.of("-classpath", classPath, main.getName()));
        command.addAll(List.of(arguments));
        return new ForkedJvm(
                new ProcessBuilder(command).redirectError(Redirect.INHERIT).start());
    }

    /**
     * Runs a main class to its end.
     *
     * @return its standard output
     * @throws IOException if it exits with another status than 0
     */
    static String run(Class<?> main, List<String> options, String... arguments)
            throws IOException, InterruptedException {
        return run(main, System.getProperty("java.class.path"), options, arguments);
    }

    /** Runs a main class on another class path than that of this JVM. */
    static String run(Class<?> main, String classPath, List<String> options, String... arguments)
            throws IOException, InterruptedException {
        try (ForkedJvm fork = of(main, classPath, options, arguments)) {
            String printed = fork.answers.lines().collect(Collectors.joining("\n"));
            if (fork.process.waitFor() != 0) {
                throw new IOException(main.getSimpleName() + " failed; see its messages on the console");
            }
            return printed;
        }
    }

    /** Sends one line of input, and returns one line of output. */
    String ask(String question) throws IOException {
        questions.println(question);
        String answer = answers.readLine();
        if (answer == null) {
            throw new IOException("The JVM of " + process.info().commandLine().orElse("a fork")
                    + " ended before it answered \"" + question + "\"; see its messages on the console");
        }
        return answer;
    }

    @Override
    public void close() {
        questions.close();
        try {
            if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                process.destroy();
            }
        } catch (InterruptedException ex) {
            process.destroy();
            Thread.currentThread().interrupt();
        }
    }
}
