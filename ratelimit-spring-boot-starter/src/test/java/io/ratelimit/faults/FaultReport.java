package io.ratelimit.faults;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/** The measurements of all rounds, as a Markdown table in {@code target/faults.md}. */
final class FaultReport implements ParameterResolver {

    private static final Path FILE = Path.of("target", "faults.md");

    /** The figures of a test; those of further rounds are added to it. */
    static final class Row {

        private final Map<String, List<Double>> figures = new LinkedHashMap<>();

        Row millis(String figure, long nanos) {
            return add(figure + " ms", nanos / 1e6);
        }

        Row micros(String figure, long nanos) {
            return add(figure + " us", nanos / 1e3);
        }

        Row add(String figure, double value) {
            figures.computeIfAbsent(figure, name -> new ArrayList<>()).add(value);
            return this;
        }

        private String text() {
            return figures.entrySet().stream()
                    .map(figure -> figure.getKey() + " " + range(figure.getValue()))
                    .collect(Collectors.joining("; "));
        }

        private static String range(List<Double> values) {
            long least = Math.round(values.stream().min(Double::compare).orElseThrow());
            long most = Math.round(values.stream().max(Double::compare).orElseThrow());
            return least == most ? String.valueOf(most) : least + " to " + most;
        }
    }

    private static final class Table implements AutoCloseable {

        private final Map<String, Row> rows = new TreeMap<>();

        @Override
        public void close() {
            StringBuilder text = new StringBuilder("| test | measured |\n|---|---|\n");
            rows.forEach((test, row) -> text.append("| ")
                    .append(test)
                    .append(" | ")
                    .append(row.text())
                    .append(" |\n"));
            try {
                Files.writeString(FILE, text);
            } catch (IOException ex) {
                throw new UncheckedIOException(ex);
            }
        }
    }

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
        return parameter.getParameter().getType() == Row.class;
    }

    @Override
    public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
        Table table = context.getRoot()
                .getStore(ExtensionContext.Namespace.create(FaultReport.class))
                .computeIfAbsent(Table.class, type -> new Table(), Table.class);
        String test = context.getRequiredTestClass().getSimpleName() + "."
                + context.getRequiredTestMethod().getName();
        return table.rows.computeIfAbsent(test, name -> new Row());
    }
}
