package io.ratelimit.test.redis;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.UncheckedIOException;
import java.net.Socket;
import java.net.SocketTimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(RedisExtension.class)
class RedisServerTests {

    @Test
    void allTestsOfAJvmShareOneServer(RedisServer first, RedisServer second) {
        assertThat(first).isSameAs(second).isSameAs(RedisServer.shared());
        assertThat(first.command("PING")).isEqualTo("PONG");
    }

    @Test
    void aKilledServerRestartsEmptyOnItsPort() {
        try (RedisServer redis = RedisServer.start()) {
            redis.command("SET", "a", "1");
            redis.command("SAVE");
            redis.kill();
            assertThatThrownBy(() -> redis.command("PING")).isInstanceOf(UncheckedIOException.class);
            redis.restart();
            assertThat(redis.command("GET", "a")).isNull();
        }
    }

    @Test
    void aServerKeepsItsOptionsAfterARestart() {
        try (RedisServer redis = RedisServer.start("--maxmemory", "2mb")) {
            redis.kill();
            redis.restart();
            assertThat(redis.command("CONFIG", "GET", "maxmemory")).asString().isEqualTo("[maxmemory, 2097152]");
        }
    }

    @Test
    void aServerWithAPasswordStarts() {
        try (RedisServer redis = RedisServer.start("--requirepass", "secret")) {
            assertThatThrownBy(() -> redis.command("PING")).hasMessageContaining("NOAUTH");
        }
    }

    @Test
    void anUnknownOptionFailsTheStartWithTheServersMessage() {
        assertThatThrownBy(() -> RedisServer.start("--no-such-option", "1"))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("no-such-option");
    }

    @Test
    void aFrozenServerRepliesOnceItIsThawed() throws Exception {
        try (RedisServer redis = RedisServer.start();
                Socket client = new Socket(redis.host(), redis.port())) {
            redis.freeze();
            redis.freeze();
            client.getOutputStream().write("INCR a\r\n".getBytes(US_ASCII));
            client.setSoTimeout(200);
            assertThatThrownBy(() -> client.getInputStream().read()).isInstanceOf(SocketTimeoutException.class);
            redis.thaw();
            redis.thaw();
            client.setSoTimeout(10_000);
            assertThat(client.getInputStream().read()).isEqualTo(':');
            assertThat(redis.command("GET", "a")).isEqualTo("1");
        }
    }

    @Test
    void aFrozenServerCanBeKilledAndRestartsThawed() {
        try (RedisServer redis = RedisServer.start()) {
            redis.freeze();
            redis.kill();
            assertThatThrownBy(() -> redis.command("PING")).isInstanceOf(UncheckedIOException.class);
            assertThatThrownBy(redis::freeze).isInstanceOf(IllegalStateException.class);
            redis.thaw();
            redis.restart();
            assertThat(redis.command("PING")).isEqualTo("PONG");
        }
    }

    @Test
    void aServerStoresNothingOnDisk(RedisServer redis) {
        assertThat(redis.command("CONFIG", "GET", "save")).asString().isEqualTo("[save, ]");
    }

    @Test
    void anErrorReplyIsThrownWithItsText(RedisServer redis) {
        assertThatThrownBy(() -> redis.command("NONSENSE")).hasMessageContaining("unknown command");
    }

    @Test
    void theEmbeddedServerIsOlderThanSeven() {
        try (RedisServer redis = RedisServer.startEmbedded()) {
            assertThat(redis.command("INFO", "server")).asString().contains("redis_version:6.");
        }
    }
}
