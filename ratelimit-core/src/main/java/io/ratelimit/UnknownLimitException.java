package io.ratelimit;

import java.util.Collection;
import java.util.Comparator;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.regex.Pattern;

/** Says that no limit has a name, and which known name is nearest. */
public final class UnknownLimitException extends IllegalArgumentException {

    private static final long serialVersionUID = 1L;

    /** No name has them, and a computed one could break a line of a log. */
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

    /** {@return the known name that differs in the fewest letters, if it differs in at most half of them} */
    public Optional<String> getNearest() {
        return nearest(name, known);
    }

    /**
     * The name that was probably meant.
     *
     * @param name a name with a slip
     * @param known the names that exist
     * @return the known name that differs in the fewest letters, if it differs in at most half of them
     */
    public static Optional<String> nearest(String name, Collection<String> known) {
        return known.stream()
                .filter(candidate -> distance(name, candidate) * 2 <= Math.max(name.length(), candidate.length()))
                .min(Comparator.comparingInt((String candidate) -> distance(name, candidate))
                        .thenComparing(candidate -> candidate));
    }

    /** Edits (insert, delete, replace a letter) between two names, by Wagner and Fischer's table, a row at a time. */
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
