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
 * A contender on Redis in a JVM of its own, which it keeps for all rounds: what is compiled is compiled for it alone, as in
 * an application, which has one limiter.
 */
public final class RedisFork implements AutoCloseable {

    private static final List<String> OPTIONS = List.of("-Xmx1g", "-XX:+UseG1GC");

    private final Fork fork;

    private RedisFork(Fork fork) {
        this.fork = fork;
    }

    static RedisFork of(RedisContender contender, InetSocketAddress redis) throws IOException {
        return new RedisFork(Fork.of(
                RedisFork.class, OPTIONS, contender.name(), redis.getHostString(), String.valueOf(redis.getPort())));
    }

    /** Gives the contender a work. */
    RedisSample sample(RedisWork work, Duration measured) throws IOException {
        return RedisSample.parse(fork.ask(RedisWork.all().indexOf(work) + " " + measured));
    }

    @Override
    public void close() {
        fork.close();
    }

    /**
     * Answers each line, the number of a work and how long to measure it, with a sample.
     *
     * @param args the {@link RedisContender}, and host and port of the server
     * @throws IOException if nobody can ask
     * @throws InterruptedException if the thread is interrupted
     */
    public static void main(String... args) throws IOException, InterruptedException {
        RedisContender contender = RedisContender.valueOf(args[0]);
        InetSocketAddress redis = InetSocketAddress.createUnresolved(args[1], Integer.parseInt(args[2]));
        Map<BenchmarkQuota, RedisNodes> opened = new EnumMap<>(BenchmarkQuota.class);
        try (BufferedReader questions = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
            for (String line = questions.readLine(); line != null; line = questions.readLine()) {
                String[] words = line.split(" ");
                RedisWork work = RedisWork.all().get(Integer.parseInt(words[0]));
                RedisNodes nodes =
                        opened.computeIfAbsent(work.quota(), quota -> new RedisNodes(redis, contender, quota));
                nodes.prepare(work.nodes(), work.keys());
                System.out.println(Callers.run(
                        nodes.limiters(work.nodes()), nodes.keys(work.keys()), work, Duration.parse(words[1])));
            }
        } finally {
            opened.values().forEach(RedisNodes::close);
        }
    }
}
