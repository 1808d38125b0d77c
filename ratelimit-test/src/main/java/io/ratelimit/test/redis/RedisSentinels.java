package io.ratelimit.test.redis;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A group of Redis servers for tests that three sentinels watch: a master, and a replica that takes over.
 *
 * <pre>{@code
 * try (RedisSentinels group = RedisSentinels.start()) {
 *     RedisServer victim = group.master();
 *     victim.freeze(); // or kill(); the replica takes over some three seconds later
 *     await().until(() -> group.master() != victim);
 *     victim.thaw(); // the sentinels make it a replica some seconds later; until then it answers as a master
 * }
 * }</pre>
 *
 * <p>The sentinels hold a master for dead that has not answered for one second, and elect a new one if two of them agree.
 * All of them are processes: this needs a {@code redis-server} on the {@code PATH} or embedded-redis on the class path;
 * Docker alone does not do. Servers and sentinels can be killed, frozen and restarted, and keep their ports and what they
 * know of each other. A master that is killed and restarted within the second comes back empty, and its replica becomes
 * empty with it.
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
     * Starts a group, which takes some three seconds.
     *
     * @return the group, whose sentinels know each other, the master and the replica, which has what the master has
     * @throws IllegalStateException if there is nothing to start it with, or a step of it takes longer than sixty seconds
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

    /** {@return the two servers that hold data; the first of them began as the master} */
    public List<RedisServer> servers() {
        return List.copyOf(servers);
    }

    /**
     * The master that the sentinels name now. One that is dead or frozen is named until the replica took over.
     *
     * @return as the live sentinels say; where they differ, the one that was elected last
     * @throws IllegalStateException if no sentinel answers
     */
    public RedisServer master() {
        return sentinels.stream()
                .filter(sentinel -> namedBy(sentinel).isPresent())
                .max(Comparator.comparingLong(RedisSentinels::epoch))
                .flatMap(this::namedBy)
                .orElseThrow(() -> new IllegalStateException("No sentinel answers"));
    }

    /**
     * Makes the replica the master, in good order. The old master goes on as one until the sentinels tell it otherwise, close
     * its clients' connections, and it answers writes READONLY, which it does when this returns, some seconds later. For a
     * demotion that leaves connections open, send {@code REPLICAOF} to a server instead.
     *
     * @return the new master, which all live sentinels name and which the old one follows, if that is live
     * @throws IllegalStateException if no sentinel answers, or a step of it takes longer than sixty seconds
     */
    public RedisServer failOver() {
        RedisServer before = master();
        RedisReadiness.awaitAgreement(
                () -> sentinels.stream().anyMatch(sentinel -> sentinel.says("OK", "SENTINEL", "FAILOVER", NAME)),
                () -> "No sentinel begins a failover: " + state());
        RedisReadiness.awaitAgreement(
                () -> sentinels.stream()
                        .filter(RedisServer::isLive)
                        .allMatch(sentinel -> namedBy(sentinel)
                                .filter(named -> named != before && named.says("role:master", "INFO", "replication"))
                                .isPresent()),
                () -> "The sentinels do not agree on a new master: " + state());
        RedisReadiness.awaitAgreement(
                () -> !before.isLive() || isReplica(before), () -> "The old master is none of the new: " + state());
        return master();
    }

    /** Ends all servers and sentinels. Idempotent. */
    @Override
    public void close() {
        sentinels.forEach(RedisServer::close);
        servers.forEach(RedisServer::close);
    }

    /** Their files take up what the sentinels tell them to follow, so that it outlives a restart. */
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
            // They look at each other more often than they would, where their version can be told so.
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
