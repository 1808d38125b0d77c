package io.ratelimit.benchmarks;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** A Markdown table whose rows have several figures, each the median of all rounds with its spread. */
final class FigureTable {

    private final String title;
    private final List<String> columns;
    private final Map<String, List<double[]>> rows = new LinkedHashMap<>();

    FigureTable(String title, List<String> columns) {
        this.title = title;
        this.columns = columns;
    }

    /**
     * Adds the figures of a row in one round. Rows are shown in the order in which they are first added.
     *
     * @throws IllegalArgumentException if there is not one figure for each column
     */
    void add(String row, double... figures) {
        if (figures.length != columns.size()) {
            throw new IllegalArgumentException(
                    "Row \"" + row + "\" has " + figures.length + " figures; the columns are " + columns);
        }
        rows.computeIfAbsent(row, first -> new ArrayList<>()).add(figures);
    }

    /** Adds the figures of a row as text, separated by blanks. */
    void parse(String row, String figures) {
        String[] words = figures.strip().split(" ");
        double[] parsed = new double[words.length];
        for (int i = 0; i < words.length; i++) {
            parsed[i] = Double.parseDouble(words[i]);
        }
        add(row, parsed);
    }

    /** {@return the table, which starts with an empty line} */
    String markdown() {
        StringBuilder table = new StringBuilder("\n### ").append(title).append("\n\n| |");
        columns.forEach(column -> table.append(' ').append(column).append(" |"));
        table.append("\n|---|").append("--:|".repeat(columns.size())).append('\n');
        rows.forEach((row, rounds) -> {
            table.append("| ").append(row).append(" |");
            for (int i = 0; i < columns.size(); i++) {
                int column = i;
                table.append(' ')
                        .append(cell(Spread.of(rounds, figures -> figures[column]), rounds.size()))
                        .append(" |");
            }
            table.append('\n');
        });
        return table.toString();
    }

    /** Joins figures into a line that {@link #parse} reads. */
    static String line(List<Double> figures) {
        return figures.stream().map(String::valueOf).collect(Collectors.joining(" "));
    }

    private static String cell(Spread spread, int rounds) {
        return rounds == 1
                ? text(spread.median())
                : text(spread.median()) + " (" + text(spread.least()) + "–" + text(spread.most()) + ")";
    }

    private static String text(double figure) {
        double size = Math.abs(figure);
        boolean whole = size >= 100 || figure == Math.rint(figure);
        return String.format(Locale.ROOT, whole ? "%,.0f" : size >= 10 ? "%.1f" : "%.2f", figure);
    }
}
