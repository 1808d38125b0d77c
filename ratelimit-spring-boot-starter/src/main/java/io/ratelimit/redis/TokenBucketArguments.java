package io.ratelimit.redis;

import io.ratelimit.Charge;
import io.ratelimit.Limit;
import io.ratelimit.algorithm.Observations;
import io.ratelimit.algorithm.RateAlgorithm;
import io.ratelimit.algorithm.TokenBucket;
import java.io.ByteArrayOutputStream;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The script arguments of a limit with one smooth token bucket. They are created once per version of the limit. */
final class TokenBucketArguments {

    private static final int MOST_ZEROS = 15;
    private static final int ONE_BYTE = 8;
    private static final int TWO_BYTES = 1 << 10;
    private static final int WHOLE_BYTES = 7;

    private final Limit limit;
    private final TokenBucket rate;
    private final int kind;
    private final long[] fields;
    private final byte[] scale;

    private TokenBucketArguments(Limit limit, TokenBucket rate) {
        this.limit = limit;
        this.rate = rate;
        this.kind = ScriptArguments.kind(rate);
        this.fields = new long[] {rate.period(), rate.capacityThousandths(), rate.refill(), rate.unitsPerThousandth()};
        this.scale = scale(kind, fields);
    }

    /**
     * Returns the arguments for a charge that the script can decide together with others of the same rate; null for any
     * other charge.
     */
    static @Nullable TokenBucketArguments of(Charge charge) {
        List<RateAlgorithm> rates = charge.limit().algorithms();
        TokenBucket bucket = rates.size() == 1 ? rates.get(0).asSmoothTokenBucket() : null;
        return bucket == null ? null : new TokenBucketArguments(charge.limit(), bucket);
    }

    boolean isOf(Limit configured) {
        return limit == configured;
    }

    /** Returns the kind, the cost and the fields, which are the same for every key. */
    byte[] takeArguments(long cost) {
        ByteArrayOutputStream numbers = new ByteArrayOutputStream();
        numbers.write(kind);
        write(cost, numbers);
        for (long field : fields) {
            write(field, numbers);
        }
        return numbers.toByteArray();
    }

    /** Returns the beginning of the values that are written under the same version of the limit. */
    byte[] scale() {
        return scale;
    }

    /** Returns the observations of a decision of this rate alone. */
    Observations observed(long tick, long level) {
        Observations observations = Observations.ofRates(1);
        rate.observeLevel(tick, level, observations, 0);
        return observations;
    }

    /** Converts thousandths of a token to units. */
    long units(long thousandths) {
        return thousandths * rate.unitsPerThousandth();
    }

    /** Converts the time of a decision to ticks of the rate. */
    long tick(long micros) {
        return rate.tickNanos() == 1_000 ? micros : Math.floorDiv(micros, 1_000);
    }

    private static byte[] scale(int kind, long[] fields) {
        ByteArrayOutputStream scale = new ByteArrayOutputStream();
        scale.write(kind);
        for (long field : fields) {
            pack(field, scale);
        }
        return scale.toByteArray();
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
