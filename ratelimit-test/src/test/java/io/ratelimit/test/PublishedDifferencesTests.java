package io.ratelimit.test;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Compares the differences from other limiters that ADR 11 explains with the cases that are marked as different. */
class PublishedDifferencesTests {

    private static final Path PAGE = Path.of("../docs/adr/0011-differences-from-other-limiters.md");
    private static final Pattern DIFFERENCE = Pattern.compile("(?m)^- \\*([^*]+)\\* \\(([^)]+)\\)");
    private static final Pattern CASE = Pattern.compile("`([^`]+)`");

    @Test
    void theRecordExplainsEachCaseThatDiffersAndNoOther() throws IOException {
        Map<String, Set<String>> marked = new TreeMap<>();
        VectorCase.all()
                .forEach(vector -> vector.difference()
                        .ifPresent(difference -> marked.computeIfAbsent(difference, first -> new TreeSet<>())
                                .add(vector.name())));
        assertThat(explained()).isNotEmpty().isEqualTo(marked);
    }

    private static Map<String, Set<String>> explained() throws IOException {
        Map<String, Set<String>> explained = new TreeMap<>();
        Matcher differences = DIFFERENCE.matcher(Files.readString(PAGE));
        while (differences.find()) {
            Set<String> cases = explained.computeIfAbsent(differences.group(1), first -> new TreeSet<>());
            CASE.matcher(differences.group(2)).results().forEach(name -> cases.add(name.group(1)));
        }
        return explained;
    }
}
