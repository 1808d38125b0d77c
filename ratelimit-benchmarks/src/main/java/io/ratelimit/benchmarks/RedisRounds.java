package io.ratelimit.benchmarks;

import io.ratelimit.test.redis.RedisServer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** Gives every work to each contender once in a round, on one server, and then all of them again. */
final class RedisRounds implements AutoCloseable {

    private final RedisServer redis;
    private final Settings settings;
    private final Map<Quota, Map<RedisContender, RedisNodes>> opened = new EnumMap<>(Quota.class);
    private final Map<RedisWork, Map<RedisContender, List<RedisSample>>> samples = new LinkedHashMap<>();

    private RedisRounds(RedisServer redis, Settings settings) {
        this.redis = redis;
        this.settings = settings;
    }

    /** Starts a server, measures what the settings want, and ends the server. */
    static String tables(Settings settings) throws InterruptedException {
        List<RedisWork> works = RedisWork.all().stream()
                .filter(work -> settings.wants(work.title()))
                .toList();
        try (RedisServer redis = RedisServer.start()) {
            String memory = settings.wants(RedisMemory.TITLE) ? RedisMemory.table(redis) : "";
            String time = settings.wants(RedisServerTime.TITLE) ? RedisServerTime.table(redis) : "";
            try (RedisRounds rounds = new RedisRounds(redis, settings)) {
                rounds.run(works);
                return rounds.tables() + time + memory;
            }
        }
    }

    @Override
    public void close() {
        opened.values().stream()
                .flatMap(contenders -> contenders.values().stream())
                .forEach(RedisNodes::close);
    }

    private void run(List<RedisWork> works) throws InterruptedException {
        for (int round = 0; round < settings.rounds(); round++) {
            for (RedisWork work : works) {
                System.err.println("Round " + (round + 1) + " of " + settings.rounds() + ": " + work.title());
                List<RedisContender> order = new ArrayList<>(work.contenders());
                Collections.rotate(order, -round);
                for (RedisContender contender : order) {
                    RedisNodes nodes = nodes(work.quota(), contender);
                    nodes.prepare(work.nodes(), work.keys());
                    samples.computeIfAbsent(work, first -> new EnumMap<>(RedisContender.class))
                            .computeIfAbsent(contender, first -> new ArrayList<>())
                            .add(Callers.run(
                                    nodes.limiters(work.nodes()), nodes.keys(work.keys()), work, settings.measured()));
                }
            }
        }
    }

    private RedisNodes nodes(Quota quota, RedisContender contender) {
        return opened.computeIfAbsent(quota, first -> new EnumMap<>(RedisContender.class))
                .computeIfAbsent(contender, first -> new RedisNodes(redis, contender, quota));
    }

    private String tables() {
        return samples.entrySet().stream()
                .map(work -> "\n" + RedisTable.of(work.getKey(), work.getValue()))
                .collect(Collectors.joining());
    }
}
