package io.ratelimit.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import io.ratelimit.algorithm.RateAlgorithm;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Disabled;
import org.junit.jupiter.api.Test;

/** Checks the rules of style that concern the sources of all modules. */
class CodeBaseTests {

    private static final String MAIN = "ratelimit-[\\w-]+/src/main/java/.*\\.java";
    private static final String JAVA = "ratelimit-[\\w-]+/src/(main|test)/java/.*\\.java";
    private static final String TEST = "ratelimit-[\\w-]+/src/test/.*\\.(java|kt)";
    private static final String LUA = "ratelimit-[\\w-]+/src/main/.*\\.lua";
    private static final String PAGES = "(README|CONTRIBUTING|CHANGELOG|docs/.*|ratelimit-[\\w-]+/README)\\.md";

    private static final int MAX_COLUMNS = 120;

    /** A sentence that starts with one of these words hides its subject, unless it is a question. */
    private static final Pattern RIDDLE =
            Pattern.compile("(Who|Whoever|Whose|What|Whatever|Whether|So many|None is)\\b");

    private static final Pattern TEST_NAME =
            Pattern.compile("^ +(?:void|fun|Stream<DynamicTest>|List<DynamicTest>) (\\w+)\\(", Pattern.MULTILINE);

    private static final Pattern RIDDLING_NAME =
            Pattern.compile("(who|whoever|whose|what|whatever|whether)([A-Z_].*)?");

    @Test
    void noMainFileHasMoreThan320LinesOfCode() {
        List<SourceFile> files = SourceFile.matching(MAIN);

        assertThat(files).hasSizeGreaterThan(100);
        assertThat(files.stream()
                        .filter(file -> file.codeLines() > 320)
                        .map(file -> file.path() + ": " + file.codeLines()))
                .as("main files with more than 320 lines that are neither blank nor comment")
                .isEmpty();
    }

    @Test
    void noLuaFileHasMoreThan200Lines() {
        List<SourceFile> files = SourceFile.matching(LUA);

        assertThat(files).isNotEmpty();
        assertThat(files.stream()
                        .filter(file -> file.lines().size() > 200)
                        .map(file -> file.path() + ": " + file.lines().size()))
                .as("Lua files with more than 200 lines")
                .isEmpty();
    }

    /** Lines with a literal or a link are exempt, because they cannot always be wrapped. */
    @Test
    @Disabled("core and the starter have longer Javadoc lines")
    void linesOfCodeAndCommentsAreAtMost120ColumnsLong() {
        Pattern tooLong = Pattern.compile("^(?!import )(?!.*(\"|https?://)).{" + (MAX_COLUMNS + 1) + ",}$");

        assertThat(SourceFile.matching(JAVA).stream().flatMap(file -> file.codeLinesWith(tooLong).stream()))
                .as("lines longer than 120 columns")
                .isEmpty();
    }

    @Test
    @Disabled("core and the starter have such comments")
    void sentencesOfCommentsNameTheirSubject() {
        assertThat(SourceFile.matching(JAVA + "|" + LUA).stream()
                        .flatMap(file -> file.commentSentences(RIDDLE).stream()))
                .as("sentences in comments that hide their subject")
                .isEmpty();
    }

    @Test
    void sentencesOfPagesNameTheirSubject() {
        assertThat(SourceFile.matching(PAGES).stream().flatMap(file -> file.pageSentences(RIDDLE).stream()))
                .as("sentences of pages that hide their subject")
                .isEmpty();
    }

    @Test
    @Disabled("core and the starter have such names")
    void namesOfTestsNameTheirSubject() {
        List<SourceFile> files = SourceFile.matching(TEST);

        assertThat(files.stream().flatMap(file -> file.groups(TEST_NAME).stream()))
                .hasSizeGreaterThan(500);
        assertThat(files.stream()
                        .flatMap(file -> file.groups(TEST_NAME).stream()
                                .filter(name -> RIDDLING_NAME.matcher(name).matches())
                                .map(name -> file.path() + ": " + name)))
                .as("names of tests that hide their subject")
                .isEmpty();
    }

    @Test
    void onlyTheirOwnPackageAsksForTheTypeOfAnAlgorithm() {
        String names = Arrays.stream(RateAlgorithm.class.getPermittedSubclasses())
                .map(Class::getSimpleName)
                .collect(Collectors.joining("|"));
        Pattern asks = Pattern.compile("instanceof (final )?(" + names + ")\\b|case (" + names + ") \\w+ ->");
        String own = "/" + RateAlgorithm.class.getPackageName().replace('.', '/') + "/";
        Stream<SourceFile> others = SourceFile.matching(MAIN).stream()
                .filter(file -> !file.path()
                        .substring(0, file.path().lastIndexOf('/') + 1)
                        .endsWith(own));

        assertThat(others.flatMap(file -> file.linesWith(asks)))
                .as("instanceof on an algorithm outside of its package")
                .isEmpty();
    }
}
