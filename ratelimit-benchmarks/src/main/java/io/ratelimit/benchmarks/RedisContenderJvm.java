package io.ratelimit.benchmarks;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * A JVM that runs one contender on Redis in all rounds. Its code is compiled for that contender alone, as in an
 * application, which has one limiter.
 */
public final class RedisContenderJvm implements AutoCloseable {

    private static final List<String> OPTIONS = List.of("-Xmx1g", "-XX:+UseG1GC");

    private final ForkedJvm fork;

    private RedisContenderJvm(ForkedJvm fork) {
        this.fork = fork;
    }

    static RedisContenderJvm of(RedisContender contender, InetSocketAddress redis) throws IOException {
        return new RedisContenderJvm(ForkedJvm.of(
                RedisContenderJvm.class,
                OPTIONS,
                contender.name(),
                redis.getHostString(),
                String.valueOf(redis.getPort())));
    }

    /** Runs a workload. */
    RedisMeasurement measurement(RedisWorkload workload, Duration measured) throws IOException {
        return RedisMeasurement.parse(fork.ask(RedisWorkload.all().indexOf(workload) + " " + measured));
    }

    @Override
    public void close() {
        fork.close();
    }

    /**
     * Runs a workload for each line of input, which has the index of the workload and the time to measure it.
     *
     * @param args the {@link RedisContender}, and host and port of the server
     * @throws IOException if the input cannot be read
     * @throws InterruptedException if the thread is interrupted
     */
    public static void main(String... args) throws IOException, InterruptedException {
        RedisContender contender = RedisContender.valueOf(args[0]);
        InetSocketAddress redis = InetSocketAddress.createUnresolved(args[1], Integer.parseInt(args[2]));
        Map<BenchmarkLimit, RedisNodes> opened = new EnumMap<>(BenchmarkLimit.class);
        try (BufferedReader questions = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
            for (String line = questions.readLine(); line != null; line = questions.readLine()) {
                String[] words = line.split(" ");
                RedisWorkload workload = RedisWorkload.all().get(Integer.parseInt(words[0]));
                RedisNodes nodes =
                        opened.computeIfAbsent(workload.limit(), limit -> new RedisNodes(redis, contender, limit));
                nodes.prepare(workload.nodes(), workload.keys());
                System.out.println(Callers.run(
                        nodes.limiters(workload.nodes()),
                        nodes.keys(workload.keys()),
                        workload,
                        Duration.parse(words[1])));
            }
        } finally {
            opened.values().forEach(RedisNodes::close);
        }
    }
}
