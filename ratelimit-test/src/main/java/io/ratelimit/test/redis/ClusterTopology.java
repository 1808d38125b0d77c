package io.ratelimit.test.redis;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The owner of each slot and the replicas of each master, by the newest views of the live nodes of a cluster. */
final class ClusterTopology {

    static final int SLOTS = 16_384;

    /** One line of a node's reply to CLUSTER NODES, about another node or itself. */
    private record Line(String id, int port, List<String> flags, String masterId, long epoch, List<String> slots) {

        static Line parse(String text) {
            String[] words = text.split(" ");
            String address = words[1].substring(0, words[1].indexOf('@'));
            return new Line(
                    words[0],
                    Integer.parseInt(address.substring(address.lastIndexOf(':') + 1)),
                    List.of(words[2].split(",")),
                    words[3],
                    Long.parseLong(words[6]),
                    Arrays.asList(words).subList(8, words.length));
        }
    }

    private final List<RedisServer> nodes;
    private final @Nullable RedisServer[] owners = new RedisServer[SLOTS];
    private final long[] epochs = new long[SLOTS];
    private final Map<RedisServer, Line> lines = new HashMap<>();

    private ClusterTopology(List<RedisServer> nodes) {
        this.nodes = nodes;
    }

    static ClusterTopology of(List<RedisServer> nodes) {
        return of(
                nodes,
                nodes.stream()
                        .flatMap(node -> node.tryCommand("CLUSTER", "NODES").stream())
                        .map(String::valueOf)
                        .toList());
    }

    /** Creates the topology from replies of nodes to CLUSTER NODES. */
    static ClusterTopology of(List<RedisServer> nodes, List<String> views) {
        if (views.isEmpty()) {
            throw new IllegalStateException("No node of the cluster replies");
        }
        ClusterTopology topology = new ClusterTopology(nodes);
        views.forEach(topology::add);
        return topology;
    }

    static long replicasSeenBy(RedisServer node) {
        return String.valueOf(node.command("CLUSTER", "NODES"))
                .lines()
                .map(Line::parse)
                .filter(line -> line.flags.contains("slave"))
                .count();
    }

    RedisServer owner(int slot) {
        RedisServer owner = owners[slot];
        if (owner == null) {
            throw new IllegalStateException("No node owns slot " + slot);
        }
        return owner;
    }

    /** Returns the masters, in order of their slots. */
    List<RedisServer> masters() {
        return Arrays.stream(owners).filter(Objects::nonNull).distinct().toList();
    }

    /** Returns a replica of a master, a running one if there is any. */
    Optional<RedisServer> replicaOf(RedisServer master) {
        Line line = lines.get(master);
        List<RedisServer> replicas = new ArrayList<>(nodes);
        replicas.removeIf(node -> line == null || !follows(lines.get(node), line));
        return replicas.stream()
                .filter(RedisServer::isLive)
                .findFirst()
                .or(() -> replicas.stream().findFirst());
    }

    private static boolean follows(@Nullable Line node, Line master) {
        return node != null && node.flags.contains("slave") && node.masterId.equals(master.id);
    }

    private void add(String view) {
        view.lines()
                .map(Line::parse)
                .forEach(line -> nodes.stream()
                        .filter(node -> node.port() == line.port)
                        .findFirst()
                        .ifPresent(node -> add(node, line)));
    }

    private void add(RedisServer node, Line line) {
        if (line.flags.contains("myself")) {
            lines.put(node, line);
        } else {
            lines.putIfAbsent(node, line);
        }
        if (line.flags.contains("master")) {
            line.slots.stream().filter(range -> !range.startsWith("[")).forEach(range -> own(node, line.epoch, range));
        }
    }

    private void own(RedisServer node, long epoch, String range) {
        String[] bounds = range.split("-");
        for (int slot = Integer.parseInt(bounds[0]); slot <= Integer.parseInt(bounds[bounds.length - 1]); slot++) {
            if (owners[slot] == null || epoch > epochs[slot]) {
                owners[slot] = node;
                epochs[slot] = epoch;
            }
        }
    }
}
