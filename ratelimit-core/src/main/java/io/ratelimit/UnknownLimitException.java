package io.ratelimit;

import java.util.Collection;
import java.util.Comparator;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.regex.Pattern;

/** Thrown when no limit is defined under a name. Suggests the most similar name that is defined. */
public final class UnknownLimitException extends IllegalArgumentException {

    private static final long serialVersionUID = 1L;

    /** Characters that no valid name has. A computed name could otherwise forge lines of a log. */
    private static final Pattern UNPRINTABLE = Pattern.compile("[^ -~]");

    private final String name;
    private final TreeSet<String> known;

    /**
     * Creates the exception.
     *
     * @param name the unknown name
     * @param known the names of all limits
     */
    public UnknownLimitException(String name, Collection<String> known) {
        super("Unknown limit \"" + UNPRINTABLE.matcher(name).replaceAll("?") + "\""
                + nearest(name, known)
                        .map(near -> "; did you mean \"" + near + "\"?")
                        .orElse(".") + " Known limits: " + new TreeSet<>(known));
        this.name = name;
        this.known = new TreeSet<>(known);
    }

    /** {@return the unknown name} */
    public String getName() {
        return name;
    }

    /** {@return the names of all limits} */
    public SortedSet<String> getKnown() {
        return known;
    }

    /** {@return the most similar known name; empty if more than half of its letters differ} */
    public Optional<String> getNearest() {
        return nearest(name, known);
    }

    /**
     * Returns the known name that is most similar to a misspelled one. For {@code serch} among {@code login} and
     * {@code search} this is {@code search}.
     *
     * @param name the misspelled name
     * @param known the names that exist
     * @return the name with the fewest edits to the given one; empty if they are more than half of its letters
     */
    public static Optional<String> nearest(String name, Collection<String> known) {
        return known.stream()
                .filter(candidate -> distance(name, candidate) * 2 <= Math.max(name.length(), candidate.length()))
                .min(Comparator.comparingInt((String candidate) -> distance(name, candidate))
                        .thenComparing(candidate -> candidate));
    }

    /** Returns the Levenshtein distance of two names, computed one row at a time (Wagner and Fischer, 1974). */
    private static int distance(String from, String to) {
        int[] row = new int[to.length() + 1];
        for (int j = 0; j <= to.length(); j++) {
            row[j] = j;
        }
        for (int i = 1; i <= from.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= to.length(); j++) {
                int replaced = diagonal + (from.charAt(i - 1) == to.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(replaced, 1 + Math.min(row[j], row[j - 1]));
            }
        }
        return row[to.length()];
    }
}
