package io.ratelimit.redis;

import io.ratelimit.Charge;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.HexFormat;

/**
 * The Redis keys of buckets: {@code prefix:{subject}:limit}, at most 200 bytes. No two buckets have the same key.
 *
 * <p>The subject is the encoded key of a user. It is the whole hash tag, so all limits of a subject are in one cluster
 * slot, and no part of a user's key can act as a hash tag. Letters, digits and {@code ._-@} stay as they are; every
 * other UTF-16 unit becomes {@code %} and four hex digits. An encoded subject of more than 80 characters becomes
 * {@code ~} and its SHA-256 hash. The bucket of a limit without keys has the subject {@code *}, which no encoded
 * subject equals.
 */
final class RedisKeys {

    private static final String SHARED = "*";
    private static final int LONGEST = 80;
    private static final HexFormat HEX = HexFormat.of();

    private final String prefix;

    RedisKeys(String prefix) {
        this.prefix = prefix;
    }

    byte[] key(Charge charge) {
        return key(charge.limit().name(), charge.key());
    }

    byte[] key(String limit, String subject) {
        String tag = subject.isEmpty() ? SHARED : isPlain(subject) ? subject : encoded(subject);
        return (prefix + ":{" + tag + "}:" + limit).getBytes(StandardCharsets.ISO_8859_1);
    }

    private static boolean isPlain(String subject) {
        int length = subject.length();
        for (int i = 0; i < length; i++) {
            if (!isPlain(subject.charAt(i))) {
                return false;
            }
        }
        return length <= LONGEST;
    }

    /** Returns the channel on which free leases are published. No key has this name. */
    String readyChannel() {
        return prefix + ":ready";
    }

    private static String encoded(String subject) {
        StringBuilder encoded = new StringBuilder(LONGEST);
        for (int i = 0; i < subject.length(); i++) {
            char unit = subject.charAt(i);
            if (isPlain(unit)) {
                encoded.append(unit);
            } else {
                encoded.append('%').append(HEX.toHexDigits(unit));
            }
            if (encoded.length() > LONGEST) {
                return "~" + hash(subject);
            }
        }
        return encoded.toString();
    }

    private static boolean isPlain(char unit) {
        return unit >= 'a' && unit <= 'z'
                || unit >= 'A' && unit <= 'Z'
                || unit >= '0' && unit <= '9'
                || unit == '.'
                || unit == '_'
                || unit == '-'
                || unit == '@';
    }

    private static String hash(String subject) {
        try {
            // A charset would encode all lone surrogates to the same bytes.
            ByteBuffer units = ByteBuffer.allocate(Character.BYTES * subject.length());
            units.asCharBuffer().put(subject);
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(units.array());
            return Base64.getUrlEncoder().withoutPadding().encodeToString(hash);
        } catch (NoSuchAlgorithmException ex) {
            throw new IllegalStateException("Every Java platform has SHA-256", ex);
        }
    }
}
