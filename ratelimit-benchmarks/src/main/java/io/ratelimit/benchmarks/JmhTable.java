package io.ratelimit.benchmarks;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;

/** Formats the measurements of a workload as Markdown: medians, their spread, and comparisons with the floors. */
final class JmhTable {

    private JmhTable() {}

    static String of(Workload workload, Map<Contender, List<Measurement>> measurements) {
        StringBuilder table = new StringBuilder("### ").append(workload.title()).append("\n\n| | ns/op | spread |");
        workload.floors()
                .forEach(floor -> table.append(' ')
                        .append(workload.comparison().heading(floor.label().replace("floor: ", "")))
                        .append(" |"));
        table.append(" B/op |\n|---|--:|--:|")
                .append("--:|".repeat(workload.floors().size() + 1))
                .append('\n');
        for (Contender contender : workload.contenders()) {
            List<Measurement> own = measured(contender, measurements);
            Spread nanos = Spread.of(own, Measurement::nanos);
            table.append("| ")
                    .append(contender.label())
                    .append(format(" | %.1f | %.1f–%.1f |", nanos.median(), nanos.least(), nanos.most()));
            for (Contender floor : workload.floors()) {
                double floorNanos = Spread.of(measured(floor, measurements), Measurement::nanos)
                        .median();
                table.append(' ')
                        .append(workload.comparison().figure(nanos.median(), floorNanos))
                        .append(" |");
            }
            table.append(format(" %.0f |\n", Spread.of(own, Measurement::bytes).median()));
        }
        return table.toString();
    }

    private static List<Measurement> measured(Contender contender, Map<Contender, List<Measurement>> measurements) {
        return Objects.requireNonNull(measurements.get(contender), contender.label());
    }

    private static String format(String format, Object... arguments) {
        return String.format(Locale.ROOT, format, arguments);
    }
}
