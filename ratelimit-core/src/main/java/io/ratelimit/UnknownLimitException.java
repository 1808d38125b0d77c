package io.ratelimit;

import java.util.Collection;
import java.util.Comparator;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Thrown when no limit is defined under a name. Suggests the most similar name that is defined.
 *
 * <p>Of a registry with many limits, such as one for each tenant, only 2,000 names are searched, and the 100 that are
 * most similar to the unknown one are listed.
 */
public final class UnknownLimitException extends IllegalArgumentException {

    private static final long serialVersionUID = 1L;
    private static final int MOST_SEARCHED = 2_000;
    private static final int MOST_LISTED = 100;

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
        this(name, listed(name, known), known.size());
    }

    private UnknownLimitException(String name, TreeSet<String> listed, int all) {
        super("Unknown limit \"" + UNPRINTABLE.matcher(name).replaceAll("?") + "\""
                + nearest(name, listed)
                        .map(near -> "; did you mean \"" + near + "\"?")
                        .orElse(".") + " Known limits: " + listed
                + (all > listed.size() ? " and " + (all - listed.size()) + " more" : ""));
        this.name = name;
        this.known = listed;
    }

    private static TreeSet<String> listed(String name, Collection<String> known) {
        return known.stream()
                .limit(MOST_SEARCHED)
                .map(candidate -> new Candidate(candidate, distance(name, candidate)))
                .sorted()
                .limit(MOST_LISTED)
                .map(Candidate::name)
                .collect(Collectors.toCollection(TreeSet::new));
    }

    /** {@return the unknown name} */
    public String getName() {
        return name;
    }

    /** {@return the names of all limits; if there are more than 100, the most similar ones, as described above} */
    public SortedSet<String> getKnown() {
        return known;
    }

    /** {@return the most similar of the known names; empty if more than half of its letters differ} */
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
                .map(candidate -> new Candidate(candidate, distance(name, candidate)))
                .filter(candidate -> candidate.distance * 2 <= longer(name, candidate.name))
                .min(Comparator.naturalOrder())
                .map(Candidate::name);
    }

    private static int longer(String one, String other) {
        return Math.max(one.length(), other.length());
    }

    /** A known name with its distance to the unknown one. */
    private record Candidate(String name, int distance) implements Comparable<Candidate> {

        @Override
        public int compareTo(Candidate other) {
            return distance == other.distance ? name.compareTo(other.name) : Integer.compare(distance, other.distance);
        }
    }

    /**
     * Returns the Levenshtein distance of two names, computed one row at a time (Wagner and Fischer, 1974). For names
     * whose lengths differ by more than half, the difference is returned, which the distance is at least.
     */
    private static int distance(String from, String to) {
        int difference = Math.abs(from.length() - to.length());
        if (difference * 2 > longer(from, to)) {
            return difference;
        }
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
