package io.ratelimit.memory;

import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.HexFormat;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Hashes of keys with secrets of this JVM, so that nobody can craft keys with equal hashes.
 *
 * <p>{@link #of} adds a secret number to each word of the text and sums the products of two words each. This is NH, the
 * hash function of UMAC by Black, Halevi, Krawczyk, Krovetz and Rogaway. The sums of any two keys are equal with a
 * probability of 2<sup>-32</sup>; the hash is 32 bits of the sum.
 */
final class KeyedHash {

    private static final int LONGEST_KEY = 200;

    private KeyedHash() {}

    /**
     * Returns the text under which the bucket of a key is stored: the key, or its digest if it has more than 200
     * characters.
     */
    static String shortened(String key) {
        return isShort(key) ? key : HexFormat.of().formatHex(mac(key));
    }

    /** Returns whether the bucket of a key is stored under the key itself. */
    static boolean isShort(String key) {
        return key.length() <= LONGEST_KEY;
    }

    /**
     * Returns a number from 0 up to a bound.
     *
     * @param bound the bound, exclusive, at most 65,536
     */
    static int number(String text, int bound) {
        byte[] mac = mac(text);
        return ((mac[0] & 0xff) << 8 | mac[1] & 0xff) % bound;
    }

    /** Returns the hash of a text of at most 200 characters. */
    static int of(String text) {
        int length = text.length();
        long sum = length * Secrets.ODD;
        int pairs = length & ~3;
        for (int i = 0; i < pairs; i += 4) {
            sum += product(i, text.charAt(i), text.charAt(i + 1), text.charAt(i + 2), text.charAt(i + 3));
        }
        if (pairs < length) {
            sum += product(pairs, text.charAt(pairs), unit(text, pairs + 1), unit(text, pairs + 2), (char) 0);
        }
        return (int) (sum * Secrets.ODD >>> 32);
    }

    private static long product(int at, char a, char b, char c, char d) {
        int first = (a << 16 | b) + Secrets.OF_WORDS[at / 2];
        int second = (c << 16 | d) + Secrets.OF_WORDS[at / 2 + 1];
        return (first & 0xffffffffL) * (second & 0xffffffffL);
    }

    private static char unit(String text, int at) {
        return at < text.length() ? text.charAt(at) : 0;
    }

    private static byte[] mac(String text) {
        byte[] units = new byte[2 * text.length()];
        for (int i = 0; i < text.length(); i++) {
            units[2 * i] = (byte) (text.charAt(i) >> 8);
            units[2 * i + 1] = (byte) text.charAt(i);
        }
        try {
            Mac mac = Mac.getInstance(MacKey.KEY.getAlgorithm());
            mac.init(MacKey.KEY);
            return mac.doFinal(units);
        } catch (GeneralSecurityException ex) {
            throw new IllegalStateException("Every Java platform has HmacSHA256", ex);
        }
    }

    /** The secrets of {@link KeyedHash#of}, drawn when the first such hash is needed, which takes milliseconds. */
    private static final class Secrets {

        static final int[] OF_WORDS =
                new SecureRandom().ints(LONGEST_KEY / 2 + 1).toArray();
        static final long ODD = new SecureRandom().nextLong() | 1;
    }

    /** The secret of digests, drawn when the first digest is needed. */
    private static final class MacKey {

        static final SecretKeySpec KEY = drawn();

        private static SecretKeySpec drawn() {
            byte[] secret = new byte[32];
            new SecureRandom().nextBytes(secret);
            return new SecretKeySpec(secret, "HmacSHA256");
        }
    }
}
