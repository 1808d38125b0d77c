package io.ratelimit.test.redis;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.ConnectException;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(RedisExtension.class)
@Tag("fault")
class TcpProxyTests {

    private final RedisServer redis;
    private final TcpProxy proxy;

    TcpProxyTests(RedisServer redis) {
        this.redis = redis;
        this.proxy = TcpProxy.to(redis.host(), redis.port());
        redis.command("DEL", "a");
    }

    @AfterEach
    void close() {
        proxy.close();
    }

    @Test
    void forwardsBytesInBothDirections() throws Exception {
        try (Client client = new Client()) {
            String text = "x".repeat(50_000);
            client.send("SET a " + text);
            assertThat(client.reply()).isEqualTo("+OK");
            client.send("GET a");
            assertThat(client.reply()).isEqualTo("$50000");
            assertThat(client.reply()).isEqualTo(text);
        }
    }

    @Test
    void closingOneSideClosesTheOther() throws Exception {
        try (Client client = new Client()) {
            client.send("CLIENT SETNAME ended-by-server");
            assertThat(client.reply()).isEqualTo("+OK");
            client.send("QUIT");
            assertThat(client.reply()).isEqualTo("+OK");
            assertThat(client.reply()).isNull();
        }
        try (Client client = new Client()) {
            client.send("CLIENT SETNAME ended-by-client");
            assertThat(client.reply()).isEqualTo("+OK");
        }
        await().untilAsserted(() ->
                assertThat(redis.command("CLIENT", "LIST")).asString().doesNotContain("ended-by"));
    }

    @Test
    void aDelayIsIndependentOfTheNumberOfRequestsUnderWay() throws Exception {
        try (Client client = new Client()) {
            client.send("PING");
            assertThat(client.reply()).isEqualTo("+PONG");
            proxy.delay(Duration.ofSeconds(2));
            long start = System.nanoTime();
            client.send("INCR a");
            Thread.sleep(50);
            client.send("INCR a");
            assertThat(client.reply()).isEqualTo(":1");
            assertThat(client.reply()).isEqualTo(":2");
            assertThat(Duration.ofNanos(System.nanoTime() - start))
                    .as("three seconds if the second request waited for the first")
                    .isBetween(Duration.ofMillis(2_050), Duration.ofMillis(2_900));
            proxy.delay(Duration.ZERO);
            start = System.nanoTime();
            client.send("INCR a");
            assertThat(client.reply()).isEqualTo(":3");
            assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(1));
        }
        assertThatThrownBy(() -> proxy.delay(Duration.ofMillis(-1))).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aBlackHoleKeepsConnectionsOpenAndDropsTheirBytesForGood() throws Exception {
        try (Client open = new Client()) {
            open.send("PING");
            assertThat(open.reply()).isEqualTo("+PONG");
            proxy.blackHole(true);
            open.send("INCR a");
            assertSilent(open);
            proxy.retarget(redis.host(), 1);
            try (Client late = new Client()) {
                late.send("INCR a");
                assertSilent(late);
                proxy.blackHole(false);
                proxy.retarget(redis.host(), redis.port());
                assertSilent(late);
            }
            open.send("INCR a");
            assertSilent(open);
        }
        assertThat(redis.command("GET", "a")).isNull();
        assertPasses();
    }

    @Test
    void aBlackHoleHidesThatTheServerClosed() throws Exception {
        try (Client client = new Client()) {
            client.send("CLIENT SETNAME hidden");
            assertThat(client.reply()).isEqualTo("+OK");
            proxy.blackHole(true);
            redis.command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
            assertSilent(client);
        }
    }

    @Test
    void requestsReachTheServerWhileRepliesAreDropped() throws Exception {
        try (Client client = new Client()) {
            proxy.dropReplies(true);
            client.send("INCR a");
            assertSilent(client);
            await().untilAsserted(() -> assertThat(redis.command("GET", "a")).isEqualTo("1"));
            proxy.dropReplies(false);
            client.send("INCR a");
            assertSilent(client);
            await().untilAsserted(() -> assertThat(redis.command("GET", "a")).isEqualTo("2"));
        }
        assertPasses();
    }

    @Test
    void aResetClosesOpenConnectionsAndNoLaterOnes() throws Exception {
        try (Client client = new Client()) {
            client.send("PING");
            assertThat(client.reply()).isEqualTo("+PONG");
            proxy.reset();
            assertThatThrownBy(client::reply)
                    .isInstanceOf(SocketException.class)
                    .hasMessageContaining("reset");
        }
        assertPasses();
    }

    @Test
    void refusedConnectionsAreResetAndOpenOnesStay() throws Exception {
        try (Client open = new Client()) {
            open.send("PING");
            assertThat(open.reply()).isEqualTo("+PONG");
            proxy.refuse(true);
            assertRefused();
            open.send("PING");
            assertThat(open.reply()).isEqualTo("+PONG");
            proxy.refuse(false);
            assertPasses();
        }
    }

    @Test
    void newConnectionsGoToTheNewTargetAndOpenOnesStay() throws Exception {
        try (RedisServer other = RedisServer.start();
                Client open = new Client()) {
            open.send("PING");
            assertThat(open.reply()).isEqualTo("+PONG");
            proxy.retarget(other.host(), other.port());
            try (Client fresh = new Client()) {
                fresh.send("SET b 1");
                assertThat(fresh.reply()).isEqualTo("+OK");
                open.send("EXISTS b");
                assertThat(open.reply()).isEqualTo(":0");
            }
            other.kill();
            assertRefused();
            open.send("PING");
            assertThat(open.reply()).isEqualTo("+PONG");
        }
    }

    @Test
    void closingEndsAllConnectionsAndThreads() throws Exception {
        Set<Thread> before = new HashSet<>(Thread.getAllStackTraces().keySet());
        TcpProxy own = TcpProxy.to(redis.host(), redis.port());
        try (Client open = new Client(own);
                Client lost = new Client(own)) {
            open.send("PING");
            assertThat(open.reply()).isEqualTo("+PONG");
            own.blackHole(true);
            lost.send("PING");
            assertSilent(lost);
            own.close();
            own.close();
            assertThat(Thread.getAllStackTraces().keySet())
                    .filteredOn(thread -> !before.contains(thread))
                    .noneMatch(thread -> thread.getName().contains("tcp-proxy"));
            assertThatThrownBy(open::reply).isInstanceOf(SocketException.class);
            assertThatThrownBy(lost::reply).isInstanceOf(SocketException.class);
            assertThatThrownBy(() -> new Client(own)).isInstanceOf(ConnectException.class);
        }
    }

    private void assertPasses() throws IOException {
        try (Client fresh = new Client()) {
            fresh.send("PING");
            assertThat(fresh.reply()).isEqualTo("+PONG");
        }
    }

    private void assertRefused() {
        assertThatThrownBy(() -> {
                    try (Client refused = new Client()) {
                        refused.reply();
                    }
                })
                .isInstanceOf(SocketException.class);
    }

    private static void assertSilent(Client client) {
        assertThatThrownBy(client::replySoon).isInstanceOf(SocketTimeoutException.class);
    }

    /** Sends commands as lines of text, which Redis accepts as well. */
    private final class Client implements AutoCloseable {

        private final Socket socket;
        private final BufferedReader in;

        Client() throws IOException {
            this(proxy);
        }

        Client(TcpProxy at) throws IOException {
            socket = new Socket(at.host(), at.port());
            in = new BufferedReader(new InputStreamReader(socket.getInputStream(), US_ASCII));
        }

        void send(String line) throws IOException {
            socket.getOutputStream().write((line + "\r\n").getBytes(US_ASCII));
        }

        String reply() throws IOException {
            socket.setSoTimeout(10_000);
            return in.readLine();
        }

        String replySoon() throws IOException {
            socket.setSoTimeout(150);
            return in.readLine();
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }
}
