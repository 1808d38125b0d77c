package io.ratelimit.test.redis;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;

/**
 * A TCP proxy between a client and a server that imitates a broken network. It listens on a free port of this machine.
 *
 * <pre>{@code
 * try (RedisServer redis = RedisServer.start();
 *         TcpProxy proxy = TcpProxy.to(redis.host(), redis.port())) {
 *     MyStore store = new MyStore(proxy.host(), proxy.port());
 *     proxy.dropReplies(true); // the server executes commands, but the client gets no reply
 *     …
 *     proxy.dropReplies(false);
 *     proxy.reset();
 * }
 * }</pre>
 *
 * <p>TCP never continues after a gap. So a connection on which bytes were dropped stays open and silent in that
 * direction even after the proxy stops dropping bytes, as a connection does behind a firewall that has forgotten it;
 * only new connections work again. To delay bytes instead of dropping them, use {@link #delay} or
 * {@link RedisServer#freeze()}. Thread-safe.
 */
public final class TcpProxy implements AutoCloseable {

    private static final long PATIENCE_MILLIS = 5_000;

    private final ServerSocket listener;
    private final Set<Thread> threads = ConcurrentHashMap.newKeySet();
    private final ExecutorService tasks = Executors.newCachedThreadPool(task -> {
        Thread thread = new Thread(task, "tcp-proxy");
        thread.setDaemon(true);
        threads.add(thread);
        return thread;
    });
    private final Set<ProxiedConnection> connections = ConcurrentHashMap.newKeySet();
    private final ProxyFaults faults;

    private TcpProxy(ServerSocket listener, InetSocketAddress target) {
        this.listener = listener;
        this.faults = new ProxyFaults(target);
    }

    /**
     * Opens a proxy without faults. The server need not run yet; until it does, new connections are reset.
     *
     * @param host the host of the server
     * @param port the port of the server
     * @return the proxy, ready for connections
     */
    public static TcpProxy to(String host, int port) {
        try {
            ServerSocket listener = new ServerSocket(0, 50, InetAddress.getByName(RedisRuntime.HOST));
            TcpProxy proxy = new TcpProxy(listener, new InetSocketAddress(host, port));
            proxy.tasks.execute(proxy::accept);
            return proxy;
        } catch (IOException ex) {
            throw new UncheckedIOException("No port is free for a proxy", ex);
        }
    }

    /** {@return the address on which the proxy listens} */
    public String host() {
        return RedisRuntime.HOST;
    }

    /** {@return the port on which the proxy listens} */
    public int port() {
        return listener.getLocalPort();
    }

    /**
     * Delays a request and its reply together by the given time, half of it in each direction, independent of the
     * number of requests under way. Bytes that are already under way keep their delay.
     *
     * @param roundTrip zero, the default, for no delay
     * @throws IllegalArgumentException if the delay is negative
     */
    public void delay(Duration roundTrip) {
        if (roundTrip.isNegative()) {
            throw new IllegalArgumentException("Invalid delay " + roundTrip + ": negative; use zero or more");
        }
        faults.delayNanos = roundTrip.toNanos() / 2;
    }

    /**
     * Drops every byte in both directions, and does not forward that a side closed its connection. Connections stay
     * open, and new ones are accepted but never answered.
     *
     * @param on true to drop bytes, false to forward them again on new connections
     */
    public void blackHole(boolean on) {
        faults.blackHole = on;
    }

    /**
     * Drops every reply, and does not forward that the server closed a connection. Requests still reach the server,
     * which executes them.
     *
     * @param on true to drop replies, false to forward them again on new connections
     */
    public void dropReplies(boolean on) {
        faults.dropReplies = on;
    }

    /**
     * Resets each new connection as soon as it is accepted. Open connections stay.
     *
     * @param on true to reset new connections, false to forward them again
     */
    public void refuse(boolean on) {
        faults.refuse = on;
    }

    /** Resets all open connections on both sides, and drops their bytes under way. New connections are accepted. */
    public void reset() {
        connections.forEach(ProxiedConnection::reset);
    }

    /**
     * Forwards new connections to another server. Open connections stay with theirs.
     *
     * @param host the host of the server
     * @param port the port of the server
     */
    public void retarget(String host, int port) {
        faults.target = new InetSocketAddress(host, port);
    }

    /** Resets all connections and accepts no more. All threads of the proxy have ended on return. Idempotent. */
    @Override
    public void close() {
        try {
            listener.close();
        } catch (IOException ex) {
            throw new UncheckedIOException("The proxy on port " + port() + " did not close", ex);
        }
        tasks.shutdownNow();
        reset();
        try {
            for (Thread thread : threads) {
                thread.join(PATIENCE_MILLIS);
            }
        } catch (InterruptedException ex) {
            Thread.currentThread().interrupt();
        }
    }

    private void accept() {
        while (!listener.isClosed()) {
            try {
                Socket client = listener.accept();
                ProxiedConnection connection = new ProxiedConnection(faults, client, tasks, connections::remove);
                connections.add(connection);
                open(connection);
            } catch (IOException ex) {
                // The proxy was closed, or the client closed its connection before it was accepted.
            }
        }
    }

    private void open(ProxiedConnection connection) {
        try {
            tasks.execute(connection::open);
        } catch (RejectedExecutionException ex) {
            connection.reset();
        }
    }
}
