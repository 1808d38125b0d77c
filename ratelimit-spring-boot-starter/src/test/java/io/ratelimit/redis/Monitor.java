package io.ratelimit.redis;

import io.ratelimit.test.redis.RedisServer;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** The commands that a server gets from its clients while the monitor runs. */
final class Monitor implements AutoCloseable {

    private static final String END = "end-of-monitor";

    private final RedisServer redis;
    private final Socket socket;
    private final BufferedReader lines;

    Monitor(RedisServer redis) throws IOException {
        this.redis = redis;
        this.socket = new Socket(redis.host(), redis.port());
        socket.setSoTimeout(5_000);
        this.lines = new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.ISO_8859_1));
        socket.getOutputStream().write("MONITOR\r\n".getBytes(StandardCharsets.US_ASCII));
        lines.readLine();
    }

    /** Returns the commands so far, without those that scripts call. */
    List<String> commands() throws IOException {
        redis.command("ECHO", END);
        List<String> commands = new ArrayList<>();
        for (String line = lines.readLine(); !line.contains(END); line = lines.readLine()) {
            if (!line.contains(" lua] ")) {
                commands.add(line);
            }
        }
        return commands;
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
