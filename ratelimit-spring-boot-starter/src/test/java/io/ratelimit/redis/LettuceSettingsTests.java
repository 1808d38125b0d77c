package io.ratelimit.redis;

import static org.assertj.core.api.Assertions.assertThat;

import io.lettuce.core.ClientOptions;
import io.lettuce.core.ClientOptions.DisconnectedBehavior;
import io.lettuce.core.ReadFrom;
import io.lettuce.core.SslVerifyMode;
import io.lettuce.core.cluster.ClusterClientOptions;
import io.lettuce.core.cluster.ClusterTopologyRefreshOptions;
import io.lettuce.core.protocol.ProtocolVersion;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.data.redis.connection.RedisClusterConfiguration;
import org.springframework.data.redis.connection.RedisConfiguration;
import org.springframework.data.redis.connection.RedisSentinelConfiguration;
import org.springframework.data.redis.connection.RedisSocketConfiguration;
import org.springframework.data.redis.connection.RedisStandaloneConfiguration;
import org.springframework.data.redis.connection.RedisStaticMasterReplicaConfiguration;
import org.springframework.data.redis.connection.lettuce.LettuceClientConfiguration;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;
import org.springframework.test.util.ReflectionTestUtils;

@Tag("compatibility")
class LettuceSettingsTests {

    private static final Duration TIMEOUT = Duration.ofMillis(123);

    @Test
    void theApplicationsOwnSettingsAreKept() {
        LettuceClientConfiguration application = LettuceClientConfiguration.builder()
                .clientName("shop")
                .readFrom(ReadFrom.REPLICA)
                .clientOptions(ClientOptions.builder()
                        .protocolVersion(ProtocolVersion.RESP2)
                        .disconnectedBehavior(DisconnectedBehavior.ACCEPT_COMMANDS)
                        .build())
                .useSsl()
                .verifyPeer(SslVerifyMode.CA)
                .startTls()
                .build();
        with(new LettuceConnectionFactory(new RedisStandaloneConfiguration(), application), own -> {
            assertThat(own.isUseSsl()).isTrue();
            assertThat(own.isStartTls()).isTrue();
            assertThat(own.getVerifyMode()).isEqualTo(SslVerifyMode.CA);
            assertThat(own.getClientName()).contains("shop-ratelimit");
            assertThat(own.getReadFrom()).isEmpty();
            assertThat(options(own).getConfiguredProtocolVersion()).isEqualTo(ProtocolVersion.RESP2);
        });
    }

    @Test
    void commandsAreRejectedWhileDisconnectedNeverReplayedAndAnsweredSoon() {
        with(new LettuceConnectionFactory(), own -> {
            ClientOptions options = options(own);
            assertThat(options.getDisconnectedBehavior()).isEqualTo(DisconnectedBehavior.REJECT_COMMANDS);
            assertThat(options.getReplayFilter().test(null)).isTrue();
            assertThat(options.isAutoReconnect()).isTrue();
            assertThat(options.getTimeoutOptions().isTimeoutCommands()).isTrue();
            assertThat(options.getTimeoutOptions().getSource().getTimeout(null)).isEqualTo(TIMEOUT.toNanos());
            assertThat(options.getSocketOptions().getConnectTimeout()).isEqualTo(Duration.ofMillis(500));
            assertThat(own.getClientResources().orElseThrow().reconnectDelay().createDelay(1_000))
                    .isLessThanOrEqualTo(Duration.ofSeconds(1));
        });
    }

    @Test
    void theTopologyOfAClusterIsRefreshedOftenFromWhereTheApplicationDoes() {
        ClientOptions theirs = ClusterClientOptions.builder()
                .validateClusterNodeMembership(false)
                .topologyRefreshOptions(ClusterTopologyRefreshOptions.builder()
                        .dynamicRefreshSources(false)
                        .build())
                .build();
        LettuceClientConfiguration application =
                LettuceClientConfiguration.builder().clientOptions(theirs).build();
        with(new LettuceConnectionFactory(new RedisClusterConfiguration(List.of("a:1")), application), own -> {
            ClusterClientOptions options = (ClusterClientOptions) options(own);
            assertThat(options.isValidateClusterNodeMembership()).isFalse();
            assertThat(options.getDisconnectedBehavior()).isEqualTo(DisconnectedBehavior.REJECT_COMMANDS);
            ClusterTopologyRefreshOptions refresh = options.getTopologyRefreshOptions();
            assertThat(refresh.useDynamicRefreshSources()).isFalse();
            assertThat(refresh.isPeriodicRefreshEnabled()).isTrue();
            assertThat(refresh.getAdaptiveRefreshTriggers())
                    .contains(ClusterTopologyRefreshOptions.RefreshTrigger.PERSISTENT_RECONNECTS);
        });
    }

    @ParameterizedTest
    @MethodSource
    void theSameServersAreMeant(RedisConfiguration servers) {
        LettuceConnectionFactory application =
                new LettuceConnectionFactory(servers, LettuceClientConfiguration.defaultConfiguration());
        try (LettuceSettings settings = new LettuceSettings(application, TIMEOUT)) {
            LettuceConnectionFactory own = settings.newFactory(application);
            assertThat(ReflectionTestUtils.getField(own, "configuration")).isSameAs(servers);
            assertThat(own.isRunning()).isFalse();
            own.destroy();
        }
    }

    static Stream<RedisConfiguration> theSameServersAreMeant() {
        return Stream.of(
                new RedisStandaloneConfiguration("host", 1),
                new RedisSentinelConfiguration().master("m").sentinel("host", 1),
                new RedisClusterConfiguration(List.of("host:1")),
                new RedisSocketConfiguration("/tmp/socket"),
                new RedisStaticMasterReplicaConfiguration("host", 1));
    }

    private static ClientOptions options(LettuceClientConfiguration own) {
        return own.getClientOptions().orElseThrow();
    }

    private static void with(LettuceConnectionFactory application, Consumer<LettuceSettings> check) {
        try (LettuceSettings settings = new LettuceSettings(application, TIMEOUT)) {
            check.accept(settings);
        }
    }
}
