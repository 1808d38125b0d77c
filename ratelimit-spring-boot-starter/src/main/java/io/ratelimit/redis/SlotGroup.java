package io.ratelimit.redis;

import io.ratelimit.Charge;
import io.ratelimit.TokenBucket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.springframework.data.redis.connection.ClusterSlotHashUtil;

/**
 * The charges of a decision that one script can decide together.
 *
 * @param charges one or more
 * @param keys a key for each charge
 */
record SlotGroup(List<Charge> charges, List<byte[]> keys) {

    static final String TAKE = "take";
    static final String RETURN = "return";
    static final String REFUSE = "refuse";

    /** All charges together: the server is no cluster. */
    static SlotGroup of(List<Charge> charges, RedisKeys redisKeys) {
        return new SlotGroup(
                charges, charges.stream().map(charge -> key(charge, redisKeys)).toList());
    }

    /** By cluster slot; a subject's own buckets first, so that who is over their own limit takes nothing from the shared ones. */
    static List<SlotGroup> bySlot(List<Charge> charges, RedisKeys redisKeys) {
        Map<Integer, SlotGroup> groups = new TreeMap<>();
        for (Charge charge : charges) {
            byte[] key = key(charge, redisKeys);
            SlotGroup group = groups.computeIfAbsent(
                    ClusterSlotHashUtil.calculateSlot(key),
                    slot -> new SlotGroup(new ArrayList<>(), new ArrayList<>()));
            group.charges.add(charge);
            group.keys.add(key);
        }
        return groups.values().stream()
                .sorted(Comparator.comparing(SlotGroup::isShared))
                .toList();
    }

    boolean takes() {
        return charges.stream().anyMatch(charge -> charge.cost() > 0);
    }

    byte[][] redisKeys() {
        return keys.toArray(new byte[0][]);
    }

    /** The arguments of the script, as its first lines list them. */
    byte[][] args(String operation) {
        List<byte[]> args = new ArrayList<>();
        args.add(operation.getBytes(StandardCharsets.US_ASCII));
        for (Charge charge : charges) {
            List<TokenBucket> buckets = charge.limit().buckets();
            args.add(digits(charge.cost()));
            args.add(digits(buckets.size()));
            for (TokenBucket bucket : buckets) {
                args.add(digits((bucket.isInterval() ? 1 : 0) + (bucket.tickNanos() == 1_000 ? 0 : 2)));
                args.add(digits(bucket.period()));
                args.add(digits(bucket.refill()));
                args.add(digits(bucket.unitsPerThousandth()));
                args.add(digits(bucket.capacityThousandths()));
            }
        }
        return args.toArray(new byte[0][]);
    }

    private boolean isShared() {
        return charges.stream().allMatch(charge -> charge.key().equals(Charge.SHARED));
    }

    private static byte[] key(Charge charge, RedisKeys redisKeys) {
        return redisKeys.key(charge.limit().name(), charge.key());
    }

    private static byte[] digits(long number) {
        return Long.toString(number).getBytes(StandardCharsets.US_ASCII);
    }
}
