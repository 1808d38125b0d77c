package io.ratelimit.algorithm;

import java.time.DateTimeException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;

/** Reads and writes periods: {@code s}, {@code 10m}, {@code 100ms}, {@code 1m30s}, or an ISO-8601 duration. */
final class PeriodFormat {

    private static final Map<String, Duration> UNITS = new LinkedHashMap<>();

    static {
        UNITS.put("w", Duration.ofDays(7));
        UNITS.put("d", Duration.ofDays(1));
        UNITS.put("h", Duration.ofHours(1));
        UNITS.put("m", Duration.ofMinutes(1));
        UNITS.put("s", Duration.ofSeconds(1));
        UNITS.put("ms", Duration.ofMillis(1));
        UNITS.put("us", Duration.ofNanos(1000));
    }

    private PeriodFormat() {}

    /** Reads a period. */
    static Duration parse(String text) {
        if (text.startsWith("P") || text.startsWith("p")) {
            try {
                return Duration.parse(text);
            } catch (DateTimeException ex) {
                throw unknown("period", text);
            }
        }
        String parts = UNITS.containsKey(text) ? "1".concat(text) : text;
        if (!isSequenceOfParts(parts)) {
            throw unknown(text.chars().allMatch(Character::isLetter) ? "unit" : "period", text);
        }
        Duration sum = Duration.ZERO;
        for (int at = 0; at < parts.length(); ) {
            int name = skip(parts, at, '0', '9');
            int end = skip(parts, name, 'a', 'z');
            Duration unit = UNITS.get(parts.substring(name, end));
            if (unit == null) {
                throw unknown("unit", parts.substring(name, end));
            }
            try {
                sum = sum.plus(unit.multipliedBy(Long.parseLong(parts.substring(at, name))));
            } catch (ArithmeticException | NumberFormatException ex) {
                throw new InvalidLimitException(
                        "period",
                        text,
                        "period \"" + text + "\" is longer than can be counted",
                        "use a shorter period");
            }
            at = end;
        }
        return sum;
    }

    /** Returns whether a text consists of numbers, each followed by lower-case letters. */
    private static boolean isSequenceOfParts(String text) {
        int at = 0;
        boolean complete = !text.isEmpty();
        while (complete && at < text.length()) {
            int name = skip(text, at, '0', '9');
            int end = skip(text, name, 'a', 'z');
            complete = at < name && name < end;
            at = end;
        }
        return complete;
    }

    /** Returns the index of the first character from the given one on that is not in the range, or the length. */
    static int skip(String text, int from, char first, char last) {
        int at = from;
        while (at < text.length() && text.charAt(at) >= first && text.charAt(at) <= last) {
            at++;
        }
        return at;
    }

    /** Writes a duration in its shortest text: {@code 0s}, {@code 100ms}, {@code 1m30s}. */
    static String text(Duration duration) {
        if (duration.isZero()) {
            return "0s";
        }
        StringBuilder text = new StringBuilder();
        Duration rest = duration;
        for (Map.Entry<String, Duration> unit : UNITS.entrySet()) {
            long count = rest.dividedBy(unit.getValue());
            Duration whole = unit.getValue().multipliedBy(count);
            if (count > 0 && (!unit.getKey().equals("w") || rest.equals(whole))) {
                text.append(count).append(unit.getKey());
                rest = rest.minus(whole);
            }
        }
        return rest.isZero() ? text.toString() : duration.toString();
    }

    /** Writes a period as it stands after the slash of a rate: {@code s} for one second, else as {@link #text}. */
    static String perText(Duration period) {
        String text = text(period);
        return text.startsWith("1") && UNITS.containsKey(text.substring(1)) ? text.substring(1) : text;
    }

    private static InvalidLimitException unknown(String part, String text) {
        return new InvalidLimitException(
                "period",
                text,
                "unknown " + part + " \"" + text + "\"",
                "use s, m, h, d, w or a duration such as 100ms, 1m30s or PT90S");
    }
}
