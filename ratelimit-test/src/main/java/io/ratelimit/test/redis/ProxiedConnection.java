package io.ratelimit.test.redis;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;

/** A connection of a client to a {@link TcpProxy}, together with the proxy's connection to the server. */
final class ProxiedConnection {

    private final ProxyFaults faults;
    private final Socket client;
    private final Socket server = new Socket();
    private final Executor tasks;
    private final Consumer<ProxiedConnection> onClose;

    /**
     * Creates a connection that is not open yet.
     *
     * @param tasks runs tasks that end with the connection
     * @param onClose called at least once when the connection is closed
     */
    ProxiedConnection(ProxyFaults faults, Socket client, Executor tasks, Consumer<ProxiedConnection> onClose) {
        this.faults = faults;
        this.client = client;
        this.tasks = tasks;
        this.onClose = onClose;
    }

    /**
     * Connects to the server and forwards bytes both ways until the connection ends. While the proxy drops requests, it
     * does not connect to the server at all.
     */
    void open() {
        if (faults.dropsRequests()) {
            return;
        }
        try {
            if (faults.refuse) {
                throw new IOException("The proxy refuses connections");
            }
            client.setTcpNoDelay(true);
            server.setTcpNoDelay(true);
            server.connect(faults.target);
            DelayedPipe requests =
                    new DelayedPipe(client, server, faults::dropsRequests, faults::delayNanos, this::close);
            DelayedPipe replies =
                    new DelayedPipe(server, client, faults::dropsReplies, faults::delayNanos, this::close);
            tasks.execute(requests::send);
            tasks.execute(replies::receive);
            tasks.execute(replies::send);
            requests.receive();
        } catch (IOException | RejectedExecutionException ex) {
            reset();
        }
    }

    /** Closes both sides with a TCP reset, so that bytes under way are lost. */
    void reset() {
        resetOnClose(client);
        resetOnClose(server);
        close();
    }

    private void close() {
        close(client);
        close(server);
        onClose.accept(this);
    }

    private static void resetOnClose(Socket socket) {
        try {
            socket.setSoLinger(true, 0);
        } catch (IOException ex) {
            // The socket is already closed.
        }
    }

    private static void close(Socket socket) {
        try {
            socket.close();
        } catch (IOException ex) {
            throw new UncheckedIOException(ex);
        }
    }
}
