package io.ratelimit.autoconfigure;

import java.text.Normalizer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;

/**
 * A key of a property source that sets a property of a limit.
 *
 * <p>Spring Boot drops characters such as {@code @} from a name without brackets. Therefore the name is read from the
 * key as it is written.
 *
 * @param key the whole key, such as {@code ratelimit.limits.quoteUser.rates[0]}
 * @param name the name of the limit as it is written, such as {@code quoteUser}
 * @param bracketed whether the name is written in brackets
 */
record LimitKey(String key, String name, boolean bracketed) {

    private static final String LIMITS = RateLimitProperties.PREFIX + ".limits";
    private static final Pattern ALLOWED = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,63}");
    private static final Pattern NOT_ALPHANUMERIC = Pattern.compile("[^A-Za-z0-9]");
    private static final int LONGEST = 64;

    /** {@return the key of a property of a limit; null if the key is not one} */
    static @Nullable LimitKey of(String key) {
        List<String> elements = elements(key);
        if (elements.size() < 3 || !LIMITS.equals(letters(elements.get(0)) + "." + letters(elements.get(1)))) {
            return null;
        }
        String name = elements.get(2);
        boolean bracketed = name.startsWith("[");
        return new LimitKey(key, bracketed ? name.substring(1) : name, bracketed);
    }

    /** {@return whether a limit can have the name} */
    boolean isAllowed() {
        return ALLOWED.matcher(name).matches();
    }

    /** {@return the path of the limit as it is written, such as {@code ratelimit.limits.quoteUser}} */
    String path() {
        return LIMITS + (bracketed ? "[" + name + "]" : "." + name);
    }

    /** {@return the path as Spring Boot compares it, which ignores case and dashes outside of brackets} */
    ConfigurationPropertyName property() {
        return ConfigurationPropertyName.adapt(path(), '.');
    }

    /** {@return the name without case, dashes and underscores} */
    String canonical() {
        return canonical(name);
    }

    static String canonical(String name) {
        return name.toLowerCase(Locale.ROOT).replace("_", "").replace("-", "");
    }

    /** {@return the allowed name that is most similar, such as {@code get-x} for {@code GET /x}; empty if none is} */
    static String nearestAllowed(String name) {
        if (ALLOWED.matcher(name).matches()) {
            return name;
        }
        String latin = Normalizer.normalize(name.replace("ß", "ss"), Normalizer.Form.NFD)
                .replaceAll("\\p{M}", "")
                .toLowerCase(Locale.ROOT)
                .replaceAll("[^a-z0-9]+", "-")
                .replaceAll("^-", "");
        return latin.substring(0, Math.min(LONGEST, latin.length())).replaceAll("-$", "");
    }

    /** Splits a key at its dots and brackets. An element in brackets begins with the bracket. */
    private static List<String> elements(String key) {
        List<String> elements = new ArrayList<>();
        StringBuilder element = new StringBuilder();
        int depth = 0;
        for (char ch : key.toCharArray()) {
            boolean separates = depth == 0 && (ch == '.' || ch == '[') || depth == 1 && ch == ']';
            if (separates) {
                add(element, elements);
            }
            if (!separates || ch == '[') {
                element.append(ch);
            }
            depth += ch == '[' ? 1 : ch == ']' && depth > 0 ? -1 : 0;
        }
        add(element, elements);
        return elements;
    }

    private static void add(StringBuilder element, List<String> elements) {
        if (element.length() > 0) {
            elements.add(element.toString());
            element.setLength(0);
        }
    }

    private static String letters(String element) {
        return NOT_ALPHANUMERIC.matcher(element).replaceAll("").toLowerCase(Locale.ROOT);
    }
}
