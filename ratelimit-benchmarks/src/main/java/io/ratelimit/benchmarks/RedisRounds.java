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
 * Runs all workloads on one server in rounds: once with each contender, and then all of them again. Each contender has
 * its own JVM.
 */
final class RedisRounds implements AutoCloseable {

    private final RedisServer redis;
    private final RunSettings settings;
    private final Map<RedisContender, RedisContenderJvm> forks = new EnumMap<>(RedisContender.class);
    private final Map<RedisWorkload, Map<RedisContender, List<RedisMeasurement>>> measurements = new LinkedHashMap<>();

    private RedisRounds(RedisServer redis, RunSettings settings) {
        this.redis = redis;
        this.settings = settings;
    }

    /** Starts a server, runs the workloads that the settings select, and ends the server. */
    static String tables(RunSettings settings) throws IOException, InterruptedException {
        List<RedisWorkload> workloads = RedisWorkload.all().stream()
                .filter(workload -> settings.wants(workload.title()))
                .toList();
        try (RedisServer redis = RedisServer.start()) {
            String memory = settings.wants(RedisMemory.TITLE) ? RedisMemory.table(redis) : "";
            String time = settings.wants(RedisServerTime.TITLE) ? RedisServerTime.table(redis, settings.rounds()) : "";
            try (RedisRounds rounds = new RedisRounds(redis, settings)) {
                rounds.run(workloads);
                return rounds.tables() + time + memory;
            }
        }
    }

    @Override
    public void close() {
        forks.values().forEach(RedisContenderJvm::close);
    }

    /** Runs all rounds. The first one is not counted, because in it each JVM compiles its code. */
    private void run(List<RedisWorkload> workloads) throws IOException {
        for (int round = 0; round <= settings.rounds(); round++) {
            for (RedisWorkload workload : workloads) {
                System.err.println((round == 0 ? "Warm-up" : "Round " + round + " of " + settings.rounds()) + ": "
                        + workload.title());
                List<RedisContender> order = new ArrayList<>(workload.contenders());
                Collections.rotate(order, -round);
                for (RedisContender contender : order) {
                    RedisMeasurement measurement = fork(contender).measurement(workload, settings.measured());
                    if (round > 0) {
                        measurements
                                .computeIfAbsent(workload, first -> new EnumMap<>(RedisContender.class))
                                .computeIfAbsent(contender, first -> new ArrayList<>())
                                .add(measurement);
                    }
                }
            }
        }
    }

    private RedisContenderJvm fork(RedisContender contender) throws IOException {
        RedisContenderJvm fork = forks.get(contender);
        if (fork == null) {
            fork = RedisContenderJvm.of(contender, RedisNodes.address(redis));
            forks.put(contender, fork);
        }
        return fork;
    }

    private String tables() {
        return measurements.entrySet().stream()
                .map(workload -> "\n" + RedisTable.of(workload.getKey(), workload.getValue()))
                .collect(Collectors.joining());
    }
}
