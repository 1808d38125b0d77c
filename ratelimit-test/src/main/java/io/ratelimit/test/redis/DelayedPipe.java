package io.ratelimit.test.redis;

import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.util.Arrays;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;

/**
 * One direction of a connection, which delays bytes. It sends each chunk of bytes when the delay of that chunk is over,
 * so that many chunks can be under way at the same time. After it has dropped a byte it drops all later ones.
 */
final class DelayedPipe {

    /** Bytes, or an empty array for the end of the stream, and the time at which they reach the other end. */
    private record Chunk(byte[] bytes, long dueNanos) {}

    private final Socket from;
    private final Socket to;
    private final BooleanSupplier drops;
    private final LongSupplier delayNanos;
    private final Runnable close;
    private final BlockingQueue<Chunk> line = new LinkedBlockingQueue<>();
    private volatile boolean broken;

    DelayedPipe(Socket from, Socket to, BooleanSupplier drops, LongSupplier delayNanos, Runnable close) {
        this.from = from;
        this.to = to;
        this.drops = drops;
        this.delayNanos = delayNanos;
        this.close = close;
    }

    void receive() {
        byte[] buffer = new byte[8192];
        try {
            InputStream in = from.getInputStream();
            for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
                put(Arrays.copyOf(buffer, read));
            }
        } catch (IOException ex) {
            // A reset ends the stream, too.
        }
        put(new byte[0]);
    }

    void send() {
        try {
            Chunk chunk = line.take();
            while (arrives(chunk) && chunk.bytes.length > 0) {
                to.getOutputStream().write(chunk.bytes);
                chunk = line.take();
            }
            if (!broken) {
                close.run();
            }
        } catch (IOException ex) {
            close.run();
        } catch (InterruptedException ex) {
            // The proxy is being closed, and all of its connections with it.
        }
    }

    private void put(byte[] bytes) {
        if (!breaks()) {
            line.add(new Chunk(bytes, System.nanoTime() + delayNanos.getAsLong()));
        }
    }

    private boolean arrives(Chunk chunk) throws InterruptedException {
        TimeUnit.NANOSECONDS.sleep(chunk.dueNanos - System.nanoTime());
        return !breaks();
    }

    private boolean breaks() {
        if (drops.getAsBoolean()) {
            broken = true;
        }
        return broken;
    }
}
