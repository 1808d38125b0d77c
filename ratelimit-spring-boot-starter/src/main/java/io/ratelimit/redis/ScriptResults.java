package io.ratelimit.redis;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Reads a reply of the script from its beginning to its end; the header of the script documents it. */
final class ScriptResults {

    /** Says that the next request of a short entry has a full result. */
    static final int IN_FULL = 255;

    private static final int NUMBER_BYTES = 7;

    private final List<?> reply;
    private final ByteBuffer shortResults;
    private final long micros;
    private int next = 1;

    ScriptResults(List<?> reply) {
        this.reply = reply;
        this.shortResults = ByteBuffer.wrap((byte[]) reply.get(0));
        this.micros = nextOfState();
    }

    /** Returns the time of the server, in microseconds since the epoch. */
    long micros() {
        return micros;
    }

    long millis() {
        return Math.floorDiv(micros, 1_000);
    }

    /** Returns how many of the remaining requests of a short entry were admitted, or {@link #IN_FULL}. */
    int nextAdmitted() {
        return Byte.toUnsignedInt(shortResults.get());
    }

    /** Returns the next number of a state of a short entry. */
    long nextOfState() {
        long number = shortResults.get();
        for (int i = 1; i < NUMBER_BYTES; i++) {
            number = number << Byte.SIZE | Byte.toUnsignedLong(shortResults.get());
        }
        return number;
    }

    /** Returns the next number of a full result. */
    long next() {
        return (Long) reply.get(next++);
    }

    /** Returns the next numbers of a full result, whose count comes first. */
    long[] nextNumbers() {
        long[] numbers = new long[(int) next()];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = next();
        }
        return numbers;
    }

    String nextText() {
        return new String((byte[]) reply.get(next++), StandardCharsets.UTF_8);
    }
}
