package io.ratelimit.benchmarks;

import io.ratelimit.test.redis.RedisServer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Gives every work to each contender once in a round, on one server, and then all of them again. Each contender has a JVM of
 * its own.
 */
final class RedisRounds implements AutoCloseable {

    private final RedisServer redis;
    private final Settings settings;
    private final Map<RedisContender, RedisFork> forks = new EnumMap<>(RedisContender.class);
    private final Map<RedisWork, Map<RedisContender, List<RedisSample>>> samples = new LinkedHashMap<>();

    private RedisRounds(RedisServer redis, Settings settings) {
        this.redis = redis;
        this.settings = settings;
    }

    /** Starts a server, measures what the settings want, and ends the server. */
    static String tables(Settings settings) throws IOException, InterruptedException {
        List<RedisWork> works = RedisWork.all().stream()
                .filter(work -> settings.wants(work.title()))
                .toList();
        try (RedisServer redis = RedisServer.start()) {
            String memory = settings.wants(RedisMemory.TITLE) ? RedisMemory.table(redis) : "";
            String time = settings.wants(RedisServerTime.TITLE) ? RedisServerTime.table(redis, settings.rounds()) : "";
            try (RedisRounds rounds = new RedisRounds(redis, settings)) {
                rounds.run(works);
                return rounds.tables() + time + memory;
            }
        }
    }

    @Override
    public void close() {
        forks.values().forEach(RedisFork::close);
    }

    /** The first round is not counted: in it each JVM compiles what it needs. */
    private void run(List<RedisWork> works) throws IOException {
        for (int round = 0; round <= settings.rounds(); round++) {
            for (RedisWork work : works) {
                System.err.println(
                        (round == 0 ? "Warm-up" : "Round " + round + " of " + settings.rounds()) + ": " + work.title());
                List<RedisContender> order = new ArrayList<>(work.contenders());
                Collections.rotate(order, -round);
                for (RedisContender contender : order) {
                    RedisSample sample = fork(contender).sample(work, settings.measured());
                    if (round > 0) {
                        samples.computeIfAbsent(work, first -> new EnumMap<>(RedisContender.class))
                                .computeIfAbsent(contender, first -> new ArrayList<>())
                                .add(sample);
                    }
                }
            }
        }
    }

    private RedisFork fork(RedisContender contender) throws IOException {
        RedisFork fork = forks.get(contender);
        if (fork == null) {
            fork = RedisFork.of(contender, RedisNodes.address(redis));
            forks.put(contender, fork);
        }
        return fork;
    }

    private String tables() {
        return samples.entrySet().stream()
                .map(work -> "\n" + RedisTable.of(work.getKey(), work.getValue()))
                .collect(Collectors.joining());
    }
}
