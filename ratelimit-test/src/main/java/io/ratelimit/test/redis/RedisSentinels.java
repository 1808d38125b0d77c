package io.ratelimit.test.redis;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A Redis master and its replica for tests, watched by three sentinels, which let the replica take over.
 *
 * <pre>{@code
 * try (RedisSentinels group = RedisSentinels.start()) {
 *     RedisServer victim = group.master();
 *     victim.freeze(); // or kill(); the replica takes over about three seconds later
 *     await().until(() -> group.master() != victim);
 *     victim.thaw(); // the sentinels make it a replica a few seconds later; until then it replies as a master
 * }
 * }</pre>
 *
 * <p>A sentinel considers a master dead that has not replied for one second, and a new one is elected if two sentinels
 * agree. All servers are processes: they need a {@code redis-server} on the {@code PATH} or embedded-redis on the class
 * path; Docker is not enough. Servers and sentinels can be killed, frozen and restarted, and keep their ports and their
 * configuration. A master that is killed and restarted within the second comes back empty, and its replica becomes
 * empty, too.
 */
public final class RedisSentinels implements AutoCloseable {

    private static final String NAME = "limits";
    private static final int SENTINELS = 3;
    private static final List<String> REPLICATION =
            List.of("--repl-diskless-sync", "yes", "--repl-diskless-sync-delay", "0");

    private final List<RedisServer> servers = new ArrayList<>();
    private final List<RedisServer> sentinels = new ArrayList<>();

    private RedisSentinels() {}

    /**
     * Starts a group, which takes about three seconds.
     *
     * @return the group, whose sentinels know each other and both servers, and whose replica has copied its master
     * @throws IllegalStateException if no Redis is available, or a step of it takes longer than sixty seconds
     */
    public static RedisSentinels start() {
        RedisSentinels group = new RedisSentinels();
        try {
            group.startServers();
            group.startSentinels();
            return group;
        } catch (RuntimeException ex) {
            group.close();
            throw ex;
        }
    }

    /** {@return the name by which the sentinels know the group} */
    public String masterName() {
        return NAME;
    }

    /** {@return the three sentinels, which are Redis servers without data} */
    public List<RedisServer> sentinels() {
        return List.copyOf(sentinels);
    }

    /** {@return the two servers that hold data; the first one was started as the master} */
    public List<RedisServer> servers() {
        return List.copyOf(servers);
    }

    /**
     * Returns the current master. A dead or frozen master counts until the replica takes over.
     *
     * @return the master according to the live sentinels; if they differ, the one that was elected last
     * @throws IllegalStateException if no sentinel replies
     */
    public RedisServer master() {
        return sentinels.stream()
                .filter(sentinel -> namedBy(sentinel).isPresent())
                .max(Comparator.comparingLong(RedisSentinels::epoch))
                .flatMap(this::namedBy)
                .orElseThrow(() -> new IllegalStateException("No sentinel replies"));
    }

    /**
     * Makes the replica the master by a manual failover, which takes a few seconds. Until then the old master accepts
     * writes; then the sentinels close the connections of its clients, and it replies READONLY to writes. For a
     * demotion that leaves connections open, send {@code REPLICAOF} to a server instead.
     *
     * @return the new master, which all live sentinels name and which the old one follows if it is live
     * @throws IllegalStateException if no sentinel replies, or a step of it takes longer than sixty seconds
     */
    public RedisServer failOver() {
        RedisServer before = master();
        RedisServer leader = sentinels.stream()
                .filter(sentinel -> namedBy(sentinel).isPresent())
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("No sentinel replies"));
        RedisReadiness.awaitAgreement(
                () -> {
                    // A sentinel gives up a failover if the replica does not become a master in time.
                    if (isIdle(leader, before)) {
                        leader.tryCommand("SENTINEL", "FAILOVER", NAME);
                    }
                    return haveReplaced(before);
                },
                () -> "The sentinels do not agree on a new master: " + state());
        RedisReadiness.awaitAgreement(
                () -> !before.isLive() || isReplica(before),
                () -> "The old master is not a replica of the new one: " + state());
        return master();
    }

    /** Ends all servers and sentinels. Idempotent. */
    @Override
    public void close() {
        sentinels.forEach(RedisServer::close);
        servers.forEach(RedisServer::close);
    }

    /** Starts both servers with configuration files, in which the sentinels record the current master for a restart. */
    private void startServers() {
        RedisServer master = RedisServer.start(RedisLauncher.process(List.of("# a server"), REPLICATION));
        servers.add(master);
        String following = "replicaof " + master.host() + " " + master.port();
        servers.add(RedisServer.start(RedisLauncher.process(List.of(following), REPLICATION)));
        RedisReadiness.awaitAgreement(
                () -> isReplica(servers.get(1)), () -> "The replica does not follow its master: " + state());
    }

    private void startSentinels() {
        RedisServer master = servers.get(0);
        List<String> configuration = List.of(
                "sentinel monitor " + NAME + " " + master.host() + " " + master.port() + " 2",
                "sentinel down-after-milliseconds " + NAME + " 1000",
                "sentinel failover-timeout " + NAME + " 3000",
                "sentinel parallel-syncs " + NAME + " 1");
        for (int i = 0; i < SENTINELS; i++) {
            RedisServer sentinel = RedisServer.start(RedisLauncher.process(configuration, List.of("--sentinel")));
            sentinels.add(sentinel);
            // Makes sentinels check each other more often, if their version supports it.
            sentinel.tryCommand("SENTINEL", "DEBUG", "INFO-PERIOD", "500", "PUBLISH-PERIOD", "500");
        }
        RedisReadiness.awaitAgreement(
                () -> sentinels.stream().allMatch(this::knowsAll),
                () -> "The sentinels do not know each other: " + state());
    }

    private boolean knowsAll(RedisServer sentinel) {
        String others = "num-other-sentinels, " + (SENTINELS - 1);
        return sentinel.says("flags, master,", "SENTINEL", "MASTER", NAME)
                && sentinel.says(others, "SENTINEL", "MASTER", NAME)
                && sentinel.says("master-link-status, ok", "SENTINEL", "REPLICAS", NAME);
    }

    private boolean haveReplaced(RedisServer before) {
        return sentinels.stream()
                .filter(RedisServer::isLive)
                .allMatch(sentinel -> namedBy(sentinel)
                        .filter(named -> named != before && named.says("role:master", "INFO", "replication"))
                        .isPresent());
    }

    /** Returns whether a sentinel names a server as the master, and is not replacing it. */
    private static boolean isIdle(RedisServer sentinel, RedisServer master) {
        String state =
                sentinel.tryCommand("SENTINEL", "MASTER", NAME).orElse("").toString();
        return state.contains("port, " + master.port() + ",") && !state.contains("failover_in_progress");
    }

    private Optional<RedisServer> namedBy(RedisServer sentinel) {
        return sentinel.tryCommand("SENTINEL", "GET-MASTER-ADDR-BY-NAME", NAME)
                .flatMap(address -> servers.stream()
                        .filter(server -> String.valueOf(address).endsWith(", " + server.port() + "]"))
                        .findFirst());
    }

    private static long epoch(RedisServer sentinel) {
        List<?> words =
                (List<?>) sentinel.tryCommand("SENTINEL", "MASTER", NAME).orElse(List.of("config-epoch", "-1"));
        return Long.parseLong(String.valueOf(words.get(words.indexOf("config-epoch") + 1)));
    }

    private static boolean isReplica(RedisServer server) {
        return server.says("role:slave", "INFO", "replication")
                && server.says("master_link_status:up", "INFO", "replication");
    }

    private String state() {
        return Stream.concat(
                        sentinels.stream().map(sentinel -> sentinel.tryCommand("SENTINEL", "MASTER", NAME)),
                        servers.stream().map(server -> server.tryCommand("INFO", "replication")))
                .toList()
                .toString();
    }
}
