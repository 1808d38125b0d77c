package io.ratelimit;

import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.HexFormat;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * Where a key's own bucket stands in a table: under the key, or under a digest of it if it is longer than 200 characters.
 *
 * <p>Many texts have one {@link String#hashCode}, and whoever sends them as keys makes a hash table slow for everybody. So
 * the hash of a place has a secret: it is the polynomial whose coefficients are three characters each, modulo 2<sup>61</sup>
 * − 1, at a random point. Whatever two keys are sent, at most one point in 2<sup>32</sup> for every three characters makes
 * their hashes equal.
 */
final class Place {

    private static final int LONGEST_KEY = 200;
    private static final int UNITS = 3;
    private static final long PRIME = (1L << 61) - 1;
    /** Below 2<sup>60</sup>, so that sums stay below 2<sup>63</sup> although nothing is reduced but products. */
    private static final long POINT = new SecureRandom().nextLong(1L << 60);

    private static final SecretKeySpec MAC_KEY = macKey();

    private final String text;
    private final boolean digest;
    private final int hash;

    private Place(String text, boolean digest) {
        this.text = text;
        this.digest = digest;
        this.hash = hash(text);
    }

    static Place of(String key) {
        return key.length() <= LONGEST_KEY
                ? new Place(key, false)
                : new Place(HexFormat.of().formatHex(mac(key)), true);
    }

    /** A number from 0 to below the bound, at most 65,536, that nobody can choose by choosing the key. */
    int number(int bound) {
        byte[] mac = mac(text);
        return ((mac[0] & 0xff) << 8 | mac[1] & 0xff) % bound;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Place place && hash == place.hash && digest == place.digest && text.equals(place.text);
    }

    @Override
    public int hashCode() {
        return hash;
    }

    private static int hash(String text) {
        long sum = text.length();
        for (int i = 0; i < text.length(); ) {
            long units = 0;
            for (int end = Math.min(i + UNITS, text.length()); i < end; i++) {
                units = units << Character.SIZE | text.charAt(i);
            }
            sum = timesPoint(sum) + units;
        }
        return Long.hashCode(sum);
    }

    private static long timesPoint(long factor) {
        long low = factor * POINT;
        return (Math.multiplyHigh(factor, POINT) << 3 | low >>> 61) + (low & PRIME);
    }

    private static byte[] mac(String text) {
        byte[] units = new byte[2 * text.length()];
        for (int i = 0; i < text.length(); i++) {
            units[2 * i] = (byte) (text.charAt(i) >> 8);
            units[2 * i + 1] = (byte) text.charAt(i);
        }
        try {
            Mac mac = Mac.getInstance(MAC_KEY.getAlgorithm());
            mac.init(MAC_KEY);
            return mac.doFinal(units);
        } catch (GeneralSecurityException ex) {
            throw new IllegalStateException("Every Java platform has HmacSHA256", ex);
        }
    }

    private static SecretKeySpec macKey() {
        byte[] secret = new byte[32];
        new SecureRandom().nextBytes(secret);
        return new SecretKeySpec(secret, "HmacSHA256");
    }
}
