package io.ratelimit.redis;

import io.lettuce.core.ClientOptions;
import io.lettuce.core.ClientOptions.DisconnectedBehavior;
import io.lettuce.core.ReadFrom;
import io.lettuce.core.SslVerifyMode;
import io.lettuce.core.TimeoutOptions;
import io.lettuce.core.cluster.ClusterClientOptions;
import io.lettuce.core.cluster.ClusterTopologyRefreshOptions;
import io.lettuce.core.resource.ClientResources;
import io.lettuce.core.resource.Delay;
import java.lang.reflect.Field;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.springframework.data.redis.connection.RedisConfiguration;
import org.springframework.data.redis.connection.lettuce.LettuceClientConfiguration;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;
import org.springframework.data.redis.connection.lettuce.RedisCredentialsProviderFactory;
import org.springframework.util.ReflectionUtils;

/**
 * The Lettuce settings of the application, changed as far as a rate limiter needs it: a command is answered within its
 * timeout or fails, is sent at most once, and a lost server is reconnected soon.
 */
final class LettuceSettings implements LettuceClientConfiguration, AutoCloseable {

    private static final Duration SHORTEST_CONNECT_TIMEOUT = Duration.ofMillis(500);
    private static final Duration SHUTDOWN_TIMEOUT = Duration.ofSeconds(1);
    private static final Duration FIRST_RECONNECT = Duration.ofMillis(10);
    private static final Duration LAST_RECONNECT = Duration.ofMillis(500);
    private static final Duration TOPOLOGY_PERIOD = Duration.ofSeconds(30);
    private static final Duration TOPOLOGY_PAUSE = Duration.ofSeconds(1);
    private static final int MOST_UNANSWERED = 32_768;

    private final LettuceClientConfiguration application;
    private final Duration connectTimeout;
    private final ClientResources resources;
    private final ClientOptions options;

    LettuceSettings(LettuceConnectionFactory factory, Duration timeout) {
        this.application = factory.getClientConfiguration();
        this.connectTimeout = connectTimeout(timeout);
        this.resources = resources(application.getClientResources());
        ClientOptions theirs = application.getClientOptions().orElseGet(ClientOptions::create);
        this.options = factory.isClusterAware()
                ? clusterOptions(theirs, timeout)
                : change(theirs.mutate(), theirs, timeout).build();
    }

    /** Creates a connection factory for the same servers. */
    LettuceConnectionFactory newFactory(LettuceConnectionFactory factory) {
        LettuceConnectionFactory own = new LettuceConnectionFactory(servers(factory), this);
        own.setEagerInitialization(false);
        own.setShareNativeConnection(false);
        own.setValidateConnection(false);
        own.setEarlyStartup(false);
        own.afterPropertiesSet();
        return own;
    }

    @Override
    public void close() {
        resources
                .shutdown(0, SHUTDOWN_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS)
                .awaitUninterruptibly(SHUTDOWN_TIMEOUT.toMillis());
    }

    @Override
    public boolean isUseSsl() {
        return application.isUseSsl();
    }

    @Override
    @Deprecated
    public boolean isVerifyPeer() {
        return getVerifyMode() != SslVerifyMode.NONE;
    }

    @Override
    public SslVerifyMode getVerifyMode() {
        return application.getVerifyMode();
    }

    @Override
    public boolean isStartTls() {
        return application.isStartTls();
    }

    @Override
    public Optional<ClientResources> getClientResources() {
        return Optional.of(resources);
    }

    @Override
    public Optional<ClientOptions> getClientOptions() {
        return Optional.of(options);
    }

    @Override
    public Optional<String> getClientName() {
        return application.getClientName().map(name -> name + "-ratelimit");
    }

    /** Returns empty: decisions write, so replicas cannot make them. */
    @Override
    public Optional<ReadFrom> getReadFrom() {
        return Optional.empty();
    }

    @Override
    public Optional<RedisCredentialsProviderFactory> getRedisCredentialsProviderFactory() {
        return application.getRedisCredentialsProviderFactory();
    }

    /**
     * Returns the timeout of commands that Lettuce sends while it connects. Decisions have the timeout of the options.
     */
    @Override
    public Duration getCommandTimeout() {
        return connectTimeout;
    }

    @Override
    public Duration getShutdownTimeout() {
        return SHUTDOWN_TIMEOUT;
    }

    @Override
    public Duration getShutdownQuietPeriod() {
        return Duration.ZERO;
    }

    /**
     * Returns the timeout of a connection attempt, and of the handshake after it: a server that hangs accepts
     * connections and does not answer.
     */
    private static Duration connectTimeout(Duration timeout) {
        Duration twice = timeout.multipliedBy(2);
        return twice.compareTo(SHORTEST_CONNECT_TIMEOUT) > 0 ? twice : SHORTEST_CONNECT_TIMEOUT;
    }

    private static ClientResources resources(Optional<ClientResources> theirs) {
        ClientResources.Builder own = ClientResources.builder()
                .reconnectDelay(Delay.exponential(FIRST_RECONNECT, LAST_RECONNECT, 2, TimeUnit.MILLISECONDS));
        theirs.ifPresent(resources -> own.nettyCustomizer(resources.nettyCustomizer())
                .socketAddressResolver(resources.socketAddressResolver()));
        return own.build();
    }

    private static ClientOptions.Builder change(ClientOptions.Builder own, ClientOptions theirs, Duration timeout) {
        return own.autoReconnect(true)
                .disconnectedBehavior(DisconnectedBehavior.REJECT_COMMANDS)
                .replayFilter(command -> true)
                .requestQueueSize(MOST_UNANSWERED)
                .socketOptions(theirs.getSocketOptions()
                        .mutate()
                        .connectTimeout(connectTimeout(timeout))
                        .build())
                .timeoutOptions(TimeoutOptions.enabled(timeout));
    }

    /** Enables all triggers of a refresh, which Lettuce 6 does not do by itself. */
    @SuppressWarnings("deprecation")
    private static ClusterClientOptions clusterOptions(ClientOptions theirs, Duration timeout) {
        ClusterClientOptions.Builder own = theirs instanceof ClusterClientOptions cluster
                ? cluster.mutate()
                : ClusterClientOptions.builder(theirs);
        boolean everyNode = !(theirs instanceof ClusterClientOptions cluster)
                || cluster.getTopologyRefreshOptions() == null
                || cluster.getTopologyRefreshOptions().useDynamicRefreshSources();
        change(own, theirs, timeout);
        return own.topologyRefreshOptions(ClusterTopologyRefreshOptions.builder()
                        .dynamicRefreshSources(everyNode)
                        .enablePeriodicRefresh(TOPOLOGY_PERIOD)
                        .enableAllAdaptiveRefreshTriggers()
                        .adaptiveRefreshTriggersTimeout(TOPOLOGY_PAUSE)
                        .build())
                .build();
    }

    /**
     * Returns the configuration of the servers. The factory has no getter for a configuration that it was given as the
     * general type, so a field is read.
     */
    static RedisConfiguration servers(LettuceConnectionFactory factory) {
        Field field = ReflectionUtils.findField(LettuceConnectionFactory.class, "configuration");
        if (field != null) {
            ReflectionUtils.makeAccessible(field);
            if (ReflectionUtils.getField(field, factory) instanceof RedisConfiguration configuration) {
                return configuration;
            }
        }
        return Stream.of(
                        factory.getClusterConfiguration(),
                        factory.getSentinelConfiguration(),
                        factory.getSocketConfiguration())
                .filter(Objects::nonNull)
                .map(RedisConfiguration.class::cast)
                .findFirst()
                .orElseGet(factory::getStandaloneConfiguration);
    }
}
