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
 * A network to break: a TCP proxy before a server, on a port of its own on this machine.
 *
 * <pre>{@code
 * try (RedisServer redis = RedisServer.start();
 *         TcpProxy proxy = TcpProxy.to(redis.host(), redis.port())) {
 *     MyStore store = new MyStore(proxy.host(), proxy.port());
 *     proxy.dropReplies(true); // what is asked now is executed, and nobody learns of it
 *     …
 *     proxy.dropReplies(false);
 *     proxy.reset();
 * }
 * }</pre>
 *
 * <p>TCP never goes on after a gap, so a connection on which bytes were lost stays open and silent in that direction even when
 * the proxy loses nothing any more, as it does behind a firewall that forgot it; only new connections are well again. To
 * have bytes late instead of lost, use {@link #delay} or {@link RedisServer#freeze()}. Thread-safe.
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
     * Opens a proxy that breaks nothing yet. The server need not be there yet: who connects then is reset.
     *
     * @param host of the server
     * @param port of the server
     * @return the proxy, ready for connections
     */
    public static TcpProxy to(String host, int port) {
        try {
            ServerSocket listener = new ServerSocket(0, 50, InetAddress.getByName(RedisRuntime.HOST));
            TcpProxy proxy = new TcpProxy(listener, new InetSocketAddress(host, port));
            proxy.tasks.execute(proxy::accept);
            return proxy;
        } catch (IOException ex) {
            throw new UncheckedIOException("No free port for a proxy", ex);
        }
    }

    /** {@return the address that it listens on} */
    public String host() {
        return RedisRuntime.HOST;
    }

    /** {@return the port that it listens on} */
    public int port() {
        return listener.getLocalPort();
    }

    /**
     * Makes the line long: a request and its reply take this much longer together, half of it each way, however many are
     * under way. Bytes that are on the line keep the delay they set out with.
     *
     * @param roundTrip zero for none, as at first
     * @throws IllegalArgumentException if it is negative
     */
    public void delay(Duration roundTrip) {
        if (roundTrip.isNegative()) {
            throw new IllegalArgumentException("Invalid delay " + roundTrip + ": it must not be negative");
        }
        faults.delayNanos = roundTrip.toNanos() / 2;
    }

    /**
     * Loses every byte of either direction, and the news that a side has closed. Connections stay open; new ones are
     * accepted, and nothing answers.
     *
     * @param on false to lose nothing any more
     */
    public void blackHole(boolean on) {
        faults.blackHole = on;
    }

    /**
     * Loses every reply, and the news that the server has closed. Requests still reach the server, which executes them.
     *
     * @param on false to lose nothing any more
     */
    public void dropReplies(boolean on) {
        faults.dropReplies = on;
    }

    /**
     * Resets each new connection as soon as it is there. Open ones stay.
     *
     * @param on false to let them through again
     */
    public void refuse(boolean on) {
        faults.refuse = on;
    }

    /** Resets all open connections on both sides; what is on the line is lost. New connections are let through. */
    public void reset() {
        connections.forEach(ProxiedConnection::reset);
    }

    /**
     * Leads new connections to another server. Open ones stay where they are.
     *
     * @param host of the server
     * @param port of the server
     */
    public void retarget(String host, int port) {
        faults.target = new InetSocketAddress(host, port);
    }

    /** Resets all connections and accepts no more. Its threads have ended when this returns. Idempotent. */
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
                // Closed, or a client that was gone before it was accepted.
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
