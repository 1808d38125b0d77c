package io.ratelimit.redis;

import io.ratelimit.Charge;
import io.ratelimit.Decision;
import io.ratelimit.algorithm.RateAlgorithm;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.springframework.data.redis.connection.ClusterSlotHashUtil;

/**
 * Charges of a decision that one script call can decide together.
 *
 * @param charges one or more
 * @param keys the key of each charge
 * @param channel the channel on which free leases are published
 */
record SlotCharges(List<Charge> charges, List<byte[]> keys, String channel) {

    /** Returns all charges as one group, for a server that is not a cluster. */
    static SlotCharges of(List<Charge> charges, RedisKeys redisKeys) {
        return new SlotCharges(charges, charges.stream().map(redisKeys::key).toList(), redisKeys.readyChannel());
    }

    /**
     * Groups the charges by cluster slot. Buckets of a single subject come before shared ones, so that a subject that
     * exceeds its own limit consumes nothing from shared buckets.
     */
    static List<SlotCharges> bySlot(List<Charge> charges, RedisKeys redisKeys) {
        Map<Integer, SlotCharges> groups = new TreeMap<>();
        for (Charge charge : charges) {
            byte[] key = redisKeys.key(charge);
            SlotCharges group = groups.computeIfAbsent(
                    ClusterSlotHashUtil.calculateSlot(key),
                    slot -> new SlotCharges(new ArrayList<>(), new ArrayList<>(), redisKeys.readyChannel()));
            group.charges.add(charge);
            group.keys.add(key);
        }
        return groups.values().stream()
                .sorted(Comparator.comparing(SlotCharges::isShared))
                .toList();
    }

    boolean takes() {
        return charges.stream().anyMatch(charge -> charge.cost() > 0);
    }

    byte[][] redisKeys() {
        return keys.toArray(new byte[0][]);
    }

    /** Builds the script arguments that take the charges if all fit within the wait. */
    byte[][] takeArguments(Duration maxWait, CalendarWindowRange windows) {
        return args("take", maxWait, windows, null);
    }

    /**
     * Builds the script arguments that take the charges if all fit now, and otherwise enter the queue for their leases.
     */
    byte[][] queueArguments(CalendarWindowRange windows) {
        return args("queue", Duration.ZERO, windows, null);
    }

    /** Builds the script arguments that read the buckets without changing them. */
    byte[][] readArguments(CalendarWindowRange windows) {
        return args("read", Duration.ZERO, windows, null);
    }

    /** Builds the script arguments that refund the charges of a decision. */
    byte[][] refundArguments(Decision taken, CalendarWindowRange windows) {
        return args("return", Duration.ZERO, windows, taken);
    }

    /** Builds the script arguments for a debit, which consumes tokens even if the bucket goes below zero. */
    byte[][] debitArguments(CalendarWindowRange windows) {
        return args("owe", Duration.ZERO, windows, null);
    }

    /** Builds the script arguments that renew the leases of the charges. */
    byte[][] renewArguments(CalendarWindowRange windows) {
        return args("renew", Duration.ZERO, windows, null);
    }

    private byte[][] args(String operation, Duration maxWait, CalendarWindowRange windows, @Nullable Decision taken) {
        long micros = TimeUnit.NANOSECONDS.toMicros(maxWait.toNanos());
        ScriptArguments args = new ScriptArguments(operation, charges.size(), micros, windows, channel);
        for (Charge charge : charges) {
            List<RateAlgorithm> rates = charge.algorithms();
            long[] grants = taken == null ? null : taken.grantTicks(charge);
            args.add(charge.cost());
            args.add(rates.size());
            for (int i = 0; i < rates.size(); i++) {
                args.add(rates.get(i));
                if (grants != null) {
                    args.add(grants[i]);
                }
            }
        }
        return args.toArray();
    }

    private boolean isShared() {
        return charges.stream().allMatch(charge -> charge.key().equals(Charge.SHARED));
    }
}
