package io.ratelimit.test;

import io.ratelimit.algorithm.Algorithm;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A case in a {@code *-vectors.txt} file.
 *
 * @param algorithm the algorithm of the file
 * @param name the name of the case
 * @param rates the rates of its limit, after words that select the refill and the stores
 * @param difference the name of the difference, if the other limiter answers some of its calls differently
 * @param lines the other lines, each as its columns
 */
record VectorCase(Algorithm algorithm, String name, String rates, Optional<String> difference, List<String[]> lines) {

    private static final String CASE = "case";
    private static final String DIFFERS = "differs";

    /** Reads the cases of all algorithms. */
    static Stream<VectorCase> all() {
        return Stream.of(Algorithm.values()).flatMap(algorithm -> read(algorithm).stream());
    }

    /** Returns the name of the test, which ends with the difference if there is one. */
    String title() {
        return name(algorithm) + " " + name
                + difference
                        .map(which -> ", which differs on purpose: " + which)
                        .orElse("");
    }

    private static List<VectorCase> read(Algorithm algorithm) {
        List<VectorCase> cases = new ArrayList<>();
        List<String[]> block = new ArrayList<>();
        for (String line : text(name(algorithm) + "-vectors.txt").split("\n")) {
            if (line.isBlank() || line.startsWith("#")) {
                continue;
            }
            String[] columns = line.strip().split("\\s*\\|\\s*");
            if (columns[0].equals(CASE) && !block.isEmpty()) {
                cases.add(of(algorithm, block));
                block.clear();
            }
            block.add(columns);
        }
        cases.add(of(algorithm, block));
        return cases;
    }

    private static VectorCase of(Algorithm algorithm, List<String[]> block) {
        String[] first = block.get(0);
        return new VectorCase(
                algorithm,
                first[1],
                first[2],
                block.stream()
                        .filter(line -> line[0].equals(DIFFERS))
                        .map(line -> line[1])
                        .findAny(),
                block.stream().skip(1).filter(line -> !line[0].equals(DIFFERS)).toList());
    }

    private static String name(Algorithm algorithm) {
        return algorithm.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    private static String text(String resource) {
        try (InputStream file = VectorCase.class.getResourceAsStream(resource)) {
            if (file == null) {
                throw new IllegalStateException(resource + " is missing from the class path");
            }
            return new String(file.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException ex) {
            throw new IllegalStateException(resource + " could not be read", ex);
        }
    }
}
