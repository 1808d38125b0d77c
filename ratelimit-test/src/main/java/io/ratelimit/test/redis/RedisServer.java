package io.ratelimit.test.redis;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A real Redis server for tests, on a free port, without persistence.
 *
 * <p>It runs in Docker if that is there (and Testcontainers on the class path), else as a {@code redis-server} of the
 * {@code PATH}, else as the binary of {@code com.github.codemonstur:embedded-redis}. Where there is none of them, starting
 * fails and says what to install: a test that needs Redis is never skipped silently. It ends with the JVM at the latest.
 *
 * <pre>{@code
 * try (RedisServer redis = RedisServer.start()) {
 *     redis.command("CONFIG", "SET", "maxmemory", "100mb");
 *     redis.kill();
 *     redis.restart();
 *     redis.freeze(); // connections stay open, and nothing answers
 *     redis.thaw();
 * }
 * }</pre>
 */
public final class RedisServer implements AutoCloseable {

    private static final int HIGHEST_PORT = 55_000;
    private static @Nullable RedisServer shared;

    private final int port;
    private final RedisRuntime runtime;
    private boolean running;
    private boolean frozen;

    RedisServer(int port, RedisRuntime runtime) {
        this.port = port;
        this.runtime = runtime;
    }

    /**
     * Starts a server.
     *
     * <pre>{@code
     * RedisServer small = RedisServer.start("--maxmemory", "2mb", "--maxmemory-policy", "noeviction");
     * RedisServer locked = RedisServer.start("--requirepass", "secret"); // its command() is answered NOAUTH
     * }</pre>
     *
     * @param options of {@code redis-server}, as on its command line; none for a plain server. They hold after a restart too
     * @return the server, ready for commands
     * @throws IllegalStateException if there is nothing to start one with, or it does not start within ten seconds
     */
    public static RedisServer start(String... options) {
        return start(RedisLauncher.any(List.of(options)));
    }

    /**
     * Starts the embedded binary, which is older than version 7, even where there is something newer.
     *
     * @return the server, ready for commands
     * @throws IllegalStateException if embedded-redis is not on the class path, or the server does not start within ten
     *     seconds
     */
    public static RedisServer startEmbedded() {
        return start(RedisLauncher.embedded());
    }

    /**
     * The one server of this JVM; {@link RedisExtension} gives it to tests and ends it after the last of them.
     *
     * @return the server, started if need be
     * @throws IllegalStateException if there is nothing to start one with, or it does not start within ten seconds
     */
    public static synchronized RedisServer shared() {
        RedisServer server = shared;
        if (server == null || !server.isRunning()) {
            server = start();
            shared = server;
        }
        return server;
    }

    static RedisServer start(RedisLauncher launcher) {
        int port = freePort();
        RedisServer server = new RedisServer(port, launcher.runtime(port));
        try {
            server.restart();
            return server;
        } catch (RuntimeException ex) {
            server.close();
            throw ex;
        }
    }

    /** {@return the address that it listens on} */
    public String host() {
        return RedisRuntime.HOST;
    }

    /** {@return the port that it listens on, the same after a restart} */
    public int port() {
        return port;
    }

    /**
     * Sends one command on a connection of its own.
     *
     * @param words the command and its arguments
     * @return a {@link String} for text, a {@link Long} for a number, a {@link List} of these, or null
     * @throws IllegalStateException if the server answers an error, with its text
     * @throws UncheckedIOException if the server is not there
     */
    public @Nullable Object command(String... words) {
        try (RespConnection connection = new RespConnection(RedisRuntime.HOST, port)) {
            return connection.command(words);
        } catch (IOException ex) {
            throw new UncheckedIOException("No answer from Redis on port " + port, ex);
        }
    }

    /** Ends the server at once, as a crash would, even a frozen one. The data that it held is gone. Idempotent. */
    public synchronized void kill() {
        if (running) {
            runtime.end();
            running = false;
            frozen = false;
        }
    }

    /**
     * Starts the server again, without data, on the port that it had. A node of a cluster comes back to its cluster. Does
     * nothing if it runs.
     *
     * @throws IllegalStateException if it does not start within ten seconds
     */
    public synchronized void restart() {
        if (!running) {
            runtime.start();
            running = true;
        }
    }

    /**
     * Stops the server in the middle of whatever it does, as a machine that hangs. Its connections stay open, new ones are
     * still accepted by the system, and nothing is answered until {@link #thaw()}; {@link #command} gives up after five
     * seconds. Idempotent.
     *
     * @throws IllegalStateException if it does not run
     */
    public synchronized void freeze() {
        if (!running) {
            throw new IllegalStateException("Redis on port " + port + " does not run, so it cannot freeze");
        }
        if (!frozen) {
            runtime.freeze();
            frozen = true;
        }
    }

    /** Lets a frozen server go on: what was sent meanwhile is executed now. Does nothing to one that is not frozen. */
    public synchronized void thaw() {
        if (frozen) {
            runtime.thaw();
            frozen = false;
        }
    }

    /** Ends the server and leaves nothing of it. Idempotent. */
    @Override
    public synchronized void close() {
        kill();
        runtime.clear();
    }

    /** Whether it runs, and is not frozen by {@link #freeze()}. */
    synchronized boolean isLive() {
        return running && !frozen;
    }

    /** The answer, if the server is live and answers, and no error. */
    Optional<Object> tryCommand(String... words) {
        try {
            return isLive() ? Optional.ofNullable(command(words)) : Optional.empty();
        } catch (UncheckedIOException | IllegalStateException ex) {
            return Optional.empty();
        }
    }

    /** Whether the server is live and its answer to a command contains some text. */
    boolean says(String text, String... words) {
        return tryCommand(words)
                .filter(answer -> String.valueOf(answer).contains(text))
                .isPresent();
    }

    private synchronized boolean isRunning() {
        return running;
    }

    /** A free port whose cluster bus, ten thousand above, is a port too. */
    private static int freePort() {
        while (true) {
            try (ServerSocket socket = new ServerSocket(0)) {
                if (socket.getLocalPort() < HIGHEST_PORT) {
                    return socket.getLocalPort();
                }
            } catch (IOException ex) {
                throw new UncheckedIOException("No free port for Redis", ex);
            }
        }
    }
}
