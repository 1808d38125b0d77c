package io.ratelimit.benchmarks;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;

/** Writes the samples of one work as a Markdown table: medians, their spread, and ratios to the floors. */
final class Table {

    private Table() {}

    static String of(Work work, Map<Contestant, List<Sample>> samples) {
        StringBuilder table = new StringBuilder("### ").append(work.title()).append("\n\n| | ns/op | spread |");
        work.floors()
                .forEach(floor -> table.append(" × ")
                        .append(floor.label().replace("floor: ", ""))
                        .append(" |"));
        table.append(" B/op |\n|---|--:|--:|")
                .append("--:|".repeat(work.floors().size() + 1))
                .append('\n');
        for (Contestant contender : work.contenders()) {
            List<Sample> own = measured(contender, samples);
            Spread nanos = Spread.of(own, Sample::nanos);
            table.append("| ")
                    .append(contender.label())
                    .append(format(" | %.1f | %.1f–%.1f |", nanos.median(), nanos.least(), nanos.most()));
            for (Contestant floor : work.floors()) {
                table.append(format(
                        " %.2f |",
                        nanos.median()
                                / Spread.of(measured(floor, samples), Sample::nanos)
                                        .median()));
            }
            table.append(format(" %.0f |\n", Spread.of(own, Sample::bytes).median()));
        }
        return table.toString();
    }

    private static List<Sample> measured(Contestant contender, Map<Contestant, List<Sample>> samples) {
        return Objects.requireNonNull(samples.get(contender), contender.label());
    }

    private static String format(String format, Object... arguments) {
        return String.format(Locale.ROOT, format, arguments);
    }
}
