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
 * <p>The server runs in Docker if Docker is available and Testcontainers is on the class path, or else as the
 * {@code redis-server} on the {@code PATH}, or else as the binary of {@code com.github.codemonstur:embedded-redis}. If
 * none of these is available, starting fails and the exception names the choices: a test that needs Redis is never
 * skipped silently. The server ends with the JVM at the latest.
 *
 * <pre>{@code
 * try (RedisServer redis = RedisServer.start()) {
 *     redis.command("CONFIG", "SET", "maxmemory", "100mb");
 *     redis.kill();
 *     redis.restart();
 *     redis.freeze(); // connections stay open, but get no reply
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
     * RedisServer locked = RedisServer.start("--requirepass", "secret"); // command() then fails with NOAUTH
     * }</pre>
     *
     * @param options command-line options of {@code redis-server}, which also apply after a restart; none for the
     *     defaults
     * @return the server, ready for commands
     * @throws IllegalStateException if no Redis is available, or it does not start within ten seconds
     */
    public static RedisServer start(String... options) {
        return start(RedisLauncher.any(List.of(options)));
    }

    /**
     * Starts the embedded binary, which is older than version 7, even if a newer Redis is available.
     *
     * @return the server, ready for commands
     * @throws IllegalStateException if embedded-redis is not on the class path, or the server does not start within ten
     *     seconds
     */
    public static RedisServer startEmbedded() {
        return start(RedisLauncher.embedded());
    }

    /**
     * Returns the shared server of this JVM, and starts it if it does not run. {@link RedisExtension} passes it to
     * tests and ends it after the last of them.
     *
     * @return the server, ready for commands
     * @throws IllegalStateException if no Redis is available, or it does not start within ten seconds
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

    /** {@return the address on which the server listens} */
    public String host() {
        return RedisRuntime.HOST;
    }

    /** {@return the port on which the server listens, the same after a restart} */
    public int port() {
        return port;
    }

    /**
     * Sends one command on a new connection.
     *
     * @param words the command and its arguments
     * @return a {@link String}, a {@link Long}, a {@link List} of these, or null
     * @throws IllegalStateException if the server replies with an error, whose text is the message
     * @throws UncheckedIOException if the server does not reply
     */
    public @Nullable Object command(String... words) {
        try (RespConnection connection = new RespConnection(RedisRuntime.HOST, port)) {
            return connection.command(words);
        } catch (IOException ex) {
            throw new UncheckedIOException("No reply from Redis on port " + port, ex);
        }
    }

    /** Ends the server at once, as a crash would, even if it is frozen. Its data is lost. Idempotent. */
    public synchronized void kill() {
        if (running) {
            runtime.end();
            running = false;
            frozen = false;
        }
    }

    /**
     * Starts the server again, without data and on the same port. A node of a cluster rejoins its cluster. Does nothing
     * if the server runs.
     *
     * @throws IllegalStateException if the server does not start within ten seconds
     */
    public synchronized void restart() {
        if (!running) {
            runtime.start();
            running = true;
        }
    }

    /**
     * Pauses the server at any point of its work, as a machine that hangs. Its connections stay open, and the operating
     * system still accepts new ones, but the server does not reply until {@link #thaw()}; {@link #command} fails after
     * five seconds. Idempotent.
     *
     * @throws IllegalStateException if the server does not run
     */
    public synchronized void freeze() {
        if (!running) {
            throw new IllegalStateException(
                    "Redis on port " + port + " does not run, so it cannot be frozen; restart it first");
        }
        if (!frozen) {
            runtime.freeze();
            frozen = true;
        }
    }

    /** Lets a frozen server continue with the commands that it got meanwhile. Does nothing if it is not frozen. */
    public synchronized void thaw() {
        if (frozen) {
            runtime.thaw();
            frozen = false;
        }
    }

    /** Ends the server and deletes its files. Idempotent. */
    @Override
    public synchronized void close() {
        kill();
        runtime.clear();
    }

    /** Returns whether the server runs and is not frozen. */
    synchronized boolean isLive() {
        return running && !frozen;
    }

    /** Returns the reply to a command; empty if the server is not live, does not reply, or replies with an error. */
    Optional<Object> tryCommand(String... words) {
        try {
            return isLive() ? Optional.ofNullable(command(words)) : Optional.empty();
        } catch (UncheckedIOException | IllegalStateException ex) {
            return Optional.empty();
        }
    }

    /** Returns whether the server is live and its reply to a command contains a text. */
    boolean says(String text, String... words) {
        return tryCommand(words)
                .filter(answer -> String.valueOf(answer).contains(text))
                .isPresent();
    }

    private synchronized boolean isRunning() {
        return running;
    }

    /** Returns a free port low enough for a cluster bus, whose port is higher by 10,000. */
    private static int freePort() {
        while (true) {
            try (ServerSocket socket = new ServerSocket(0)) {
                if (socket.getLocalPort() < HIGHEST_PORT) {
                    return socket.getLocalPort();
                }
            } catch (IOException ex) {
                throw new UncheckedIOException("No port is free for Redis", ex);
            }
        }
    }
}
