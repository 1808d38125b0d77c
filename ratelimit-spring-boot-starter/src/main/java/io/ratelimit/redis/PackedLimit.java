package io.ratelimit.redis;

import io.ratelimit.Limit;
import io.ratelimit.algorithm.Observations;
import io.ratelimit.algorithm.RateAlgorithm;
import java.io.ByteArrayOutputStream;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A limit in the form that the short path of the script reads. It is created once per version of the limit.
 *
 * <p>Only a limit with one rate has this form: a token bucket, a sliding window counter, or a fixed window that is not
 * of a calendar.
 */
final class PackedLimit {

    private static final int NUMBERS = 4;
    private static final int MOST_ZEROS = 15;
    private static final int ONE_BYTE = 8;
    private static final int TWO_BYTES = 1 << 10;
    private static final int WHOLE_BYTES = 7;

    private final Limit limit;
    private final RateAlgorithm rate;
    private final int kind;
    private final long[] numbers = new long[NUMBERS];
    private final byte[] prefix;

    private PackedLimit(Limit limit, RateAlgorithm rate) {
        this.limit = limit;
        this.rate = rate;
        this.kind = ScriptArguments.kind(rate);
        long[] fields = rate.encodedFields();
        numbers[0] = rate.period();
        numbers[1] = rate.capacityThousandths();
        System.arraycopy(fields, 0, numbers, 2, fields.length);
        this.prefix = prefix(kind, numbers, 2 + fields.length);
    }

    /** Returns the packed form of a limit; null if the short path cannot decide it. */
    static @Nullable PackedLimit of(Limit limit) {
        List<RateAlgorithm> rates = limit.algorithms();
        return rates.size() == 1 && isShort(rates.get(0)) ? new PackedLimit(limit, rates.get(0)) : null;
    }

    private static boolean isShort(RateAlgorithm rate) {
        return switch (rate.algorithm()) {
            case TOKEN_BUCKET, SLIDING_WINDOW_COUNTER -> true;
            case FIXED_WINDOW -> rate.asCalendarWindows() == null;
            case SLIDING_WINDOW, CONCURRENCY -> false;
        };
    }

    boolean isOf(Limit configured) {
        return limit == configured;
    }

    /** Writes the part of a shape that belongs to one key of this limit. */
    void writeTo(ByteArrayOutputStream shape, long cost) {
        shape.write(kind);
        write(cost, shape);
        for (long number : numbers) {
            write(number, shape);
        }
        shape.write(prefix.length);
        shape.writeBytes(prefix);
    }

    /** Reads the state of a key in a result of the short path, at the time of the result. */
    long[] readState(LongSupplier next, long micros) {
        long now = tick(micros);
        return switch (rate.algorithm()) {
            case TOKEN_BUCKET -> new long[] {rate.isInterval() ? next.getAsLong() : now, next.getAsLong()};
            case SLIDING_WINDOW_COUNTER -> new long[] {now, next.getAsLong(), next.getAsLong()};
            default -> windowState(next.getAsLong(), now);
        };
    }

    private long[] windowState(long count, long now) {
        return count == 0 ? rate.full(now) : rate.consume(rate.full(now), count, now);
    }

    void observe(long[] state, long micros, long cost, Observations observations, int index) {
        rate.observe(state, tick(micros), cost, observations, index);
    }

    long[] consume(long[] state, long micros, long cost) {
        return cost == 0 ? state : rate.consume(state, cost, tick(micros));
    }

    private long tick(long micros) {
        return Math.floorDiv(micros, TimeUnit.NANOSECONDS.toMicros(rate.tickNanos()));
    }

    private static byte[] prefix(int kind, long[] numbers, int count) {
        ByteArrayOutputStream prefix = new ByteArrayOutputStream();
        prefix.write(kind);
        for (int i = 0; i < count; i++) {
            pack(numbers[i], prefix);
        }
        return prefix.toByteArray();
    }

    /** Packs a number exactly as the script does, so that the values can be compared byte by byte. */
    private static void pack(long number, ByteArrayOutputStream to) {
        long digits = number;
        int zeros = 0;
        while (zeros < MOST_ZEROS && digits % 10 == 0) {
            digits /= 10;
            zeros++;
        }
        int both = (int) digits << 4 | zeros;
        if (digits < ONE_BYTE) {
            to.write(both);
        } else if (digits < TWO_BYTES) {
            to.write(0x80 | both >> 8);
            to.write(both);
        } else {
            to.write(0xC0);
            write(number, to);
        }
    }

    private static void write(long number, ByteArrayOutputStream to) {
        for (int i = WHOLE_BYTES - 1; i >= 0; i--) {
            to.write((int) (number >> 8 * i));
        }
    }
}
