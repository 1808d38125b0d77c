package io.ratelimit.test.redis;

import com.redis.testcontainers.RedisContainer;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.testcontainers.DockerClientFactory;

/** Runs a server in a Docker container. Needs Testcontainers. */
final class DockerRuntime implements RedisRuntime {

    private final int port;
    private final String[] command;
    private @Nullable RedisContainer container;

    DockerRuntime(int port, List<String> options) {
        this.port = port;
        this.command = Stream.concat(Stream.of("redis-server", "--save", "", "--appendonly", "no"), options.stream())
                .toArray(String[]::new);
    }

    static boolean isAvailable() {
        return DockerClientFactory.instance().isDockerAvailable();
    }

    @Override
    @SuppressWarnings("resource")
    public void start() {
        RedisContainer starting = new RedisContainer("redis:7-alpine").withCommand(command);
        container = starting;
        try {
            starting.setPortBindings(List.of(port + ":6379"));
            starting.start();
            RedisReadiness.awaitAnswer(port, starting::isRunning, starting::getLogs);
        } catch (RuntimeException ex) {
            end();
            throw ex;
        }
    }

    /** Testcontainers stops a container by SIGKILL, which also ends a paused one. */
    @Override
    public void end() {
        RedisContainer ending = container;
        container = null;
        if (ending != null) {
            ending.stop();
        }
    }

    @Override
    public void freeze() {
        RedisContainer target = container;
        if (target != null) {
            target.getDockerClient().pauseContainerCmd(target.getContainerId()).exec();
        }
    }

    @Override
    public void thaw() {
        RedisContainer target = container;
        if (target != null) {
            target.getDockerClient()
                    .unpauseContainerCmd(target.getContainerId())
                    .exec();
        }
    }

    @Override
    public void clear() {
        end();
    }
}
