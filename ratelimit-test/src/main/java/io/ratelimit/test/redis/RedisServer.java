package io.ratelimit.test.redis;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.util.List;
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
 * }
 * }</pre>
 */
public final class RedisServer implements AutoCloseable {

    static final String HOST = "127.0.0.1";

    private static final int HIGHEST_PORT = 55_000;
    private static @Nullable RedisServer shared;

    private final int port;
    private final RedisLauncher launcher;
    private @Nullable AutoCloseable running;

    private RedisServer(int port, RedisLauncher launcher) {
        this.port = port;
        this.launcher = launcher;
    }

    /**
     * Starts a server.
     *
     * @return the server, ready for commands
     * @throws IllegalStateException if there is nothing to start one with, or it does not start within ten seconds
     */
    public static RedisServer start() {
        return start(RedisLauncher.any());
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
        if (server == null || server.running == null) {
            server = start();
            shared = server;
        }
        return server;
    }

    static RedisServer start(RedisLauncher launcher) {
        RedisServer server = new RedisServer(freePort(), launcher);
        server.restart();
        return server;
    }

    /** {@return the address that it listens on} */
    public String host() {
        return HOST;
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
        try (RespConnection connection = new RespConnection(HOST, port)) {
            return connection.command(words);
        } catch (IOException ex) {
            throw new UncheckedIOException("No answer from Redis on port " + port, ex);
        }
    }

    /** Ends the server at once, as a crash would. What it held is gone. Idempotent. */
    public synchronized void kill() {
        AutoCloseable victim = running;
        running = null;
        if (victim != null) {
            try {
                victim.close();
            } catch (Exception ex) {
                throw new IllegalStateException("Redis on port " + port + " did not end", ex);
            }
        }
    }

    /**
     * Starts the server again, empty, on the port that it had. Does nothing if it runs.
     *
     * @throws IllegalStateException if it does not start within ten seconds
     */
    public synchronized void restart() {
        if (running == null) {
            running = launcher.launch(port);
        }
    }

    /** Ends the server. Idempotent. */
    @Override
    public void close() {
        kill();
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
