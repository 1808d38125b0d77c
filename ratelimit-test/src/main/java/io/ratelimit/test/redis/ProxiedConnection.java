package io.ratelimit.test.redis;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.util.concurrent.RejectedExecutionException;

/** A client's connection to a {@link TcpProxy}, and the one that leads from there to the server. */
final class ProxiedConnection {

    private final TcpProxy proxy;
    private final Socket client;
    private final Socket server = new Socket();

    ProxiedConnection(TcpProxy proxy, Socket client) {
        this.proxy = proxy;
        this.client = client;
    }

    /** Connects to the server and carries bytes both ways; in a black hole the server is never asked. */
    void open() {
        if (proxy.losesRequests()) {
            return;
        }
        try {
            if (proxy.refuses()) {
                throw new IOException("refused");
            }
            client.setTcpNoDelay(true);
            server.setTcpNoDelay(true);
            server.connect(proxy.target());
            DelayedPipe requests =
                    new DelayedPipe(client, server, proxy::losesRequests, proxy::delayNanos, this::close);
            DelayedPipe replies = new DelayedPipe(server, client, proxy::losesReplies, proxy::delayNanos, this::close);
            proxy.run(requests::send);
            proxy.run(replies::receive);
            proxy.run(replies::send);
            requests.receive();
        } catch (IOException | RejectedExecutionException ex) {
            reset();
        }
    }

    void reset() {
        lingerNot(client);
        lingerNot(server);
        close();
    }

    private void close() {
        close(client);
        close(server);
        proxy.forget(this);
    }

    private static void lingerNot(Socket socket) {
        try {
            socket.setSoLinger(true, 0);
        } catch (IOException ex) {
            // It is closed already.
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
