package io.ratelimit.sample.documentation;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A page of documentation in Markdown.
 *
 * @param path the page's path from the root of the repository, such as {@code docs/redis.md}
 * @param text the page's text
 */
record Page(String path, String text) {

    /** The root of the repository; tests run in the folder of their module. */
    static final Path ROOT = Path.of("..");

    private static final Pattern BLOCK = Pattern.compile(
            "(?:^<!-- (not executed|executed by): ([^>]+) -->\n)?^```(\\w*)\n(.*?)^```$",
            Pattern.MULTILINE | Pattern.DOTALL);
    private static final Pattern LINK = Pattern.compile("\\[[^\\]]*]\\(([^)\\s]+)\\)");
    private static final Pattern HEADING = Pattern.compile("^#+ (.+)$", Pattern.MULTILINE);
    private static final Pattern INLINE_CODE = Pattern.compile("`([^`\n]+)`");

    /**
     * A fenced block of a page.
     *
     * @param page the page that holds the block
     * @param line the line at which the block starts
     * @param language the language of the fence, empty if there is none
     * @param text the lines between the fences
     * @param notExecuted the reason why the block is not executed, empty if it is
     * @param executedBy the test that executes the block in place of this harness, empty if there is none
     */
    record Block(Page page, int line, String language, String text, String notExecuted, String executedBy) {

        /** Returns whether the examples' own tests execute this block. */
        boolean isExecutedHere() {
            return notExecuted.isEmpty() && executedBy.isEmpty();
        }

        @Override
        public String toString() {
            return title();
        }

        /** The name of this block in reports: its place and its first line. */
        String title() {
            return page.path + ":" + line + " " + text.lines().findFirst().orElse("");
        }
    }

    static Page of(String path) {
        try {
            return new Page(path, Files.readString(ROOT.resolve(path)));
        } catch (IOException ex) {
            throw new UncheckedIOException(ex);
        }
    }

    /** The pages whose examples are executed: the README, CONTRIBUTING and everything directly in {@code docs}. */
    static List<Page> withExamples() {
        return Stream.concat(Stream.of("README.md", "CONTRIBUTING.md"), markdownIn("docs"))
                .map(Page::of)
                .toList();
    }

    /** Every page, those without examples included. */
    static List<Page> all() {
        return Stream.concat(
                        withExamples().stream(),
                        Stream.concat(Stream.of("CHANGELOG.md"), markdownIn("docs/adr"))
                                .map(Page::of))
                .toList();
    }

    static List<Block> examples(String language) {
        return withExamples().stream()
                .flatMap(page -> page.blocks().stream())
                .filter(block -> block.language().equals(language))
                .toList();
    }

    List<Block> blocks() {
        List<Block> blocks = new ArrayList<>();
        Matcher matcher = BLOCK.matcher(text);
        while (matcher.find()) {
            String mark = matcher.group(1) == null ? "" : matcher.group(1);
            String value = matcher.group(2) == null ? "" : matcher.group(2);
            blocks.add(new Block(
                    this,
                    1 + (int) text.substring(0, matcher.start(3)).lines().count() - 1,
                    matcher.group(3),
                    matcher.group(4),
                    mark.equals("not executed") ? value : "",
                    mark.equals("executed by") ? value : ""));
        }
        return blocks;
    }

    List<Block> blocks(String language) {
        return blocks().stream()
                .filter(block -> block.language().equals(language))
                .toList();
    }

    /** The targets of all links, as they are written. */
    List<String> links() {
        return LINK.matcher(prose().replaceAll("`[^`\n]+`", ""))
                .results()
                .map(link -> link.group(1))
                .toList();
    }

    /** The anchors of all headings, as GitHub makes them. */
    List<String> anchors() {
        return HEADING.matcher(prose())
                .results()
                .map(heading -> heading.group(1)
                        .toLowerCase(Locale.ROOT)
                        .replaceAll("[^\\p{L}\\p{N} _-]", "")
                        .replace(' ', '-'))
                .toList();
    }

    /** The code within sentences and tables. */
    List<String> inlineCode() {
        return INLINE_CODE
                .matcher(prose())
                .results()
                .map((MatchResult code) -> code.group(1))
                .toList();
    }

    /** This page without its blocks. */
    private String prose() {
        return BLOCK.matcher(text).replaceAll("");
    }

    private static Stream<String> markdownIn(String folder) {
        try (Stream<Path> files = Files.list(ROOT.resolve(folder))) {
            return files
                    .map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(".md"))
                    .sorted()
                    .toList()
                    .stream()
                    .map(name -> folder + "/" + name);
        } catch (IOException ex) {
            throw new UncheckedIOException(ex);
        }
    }
}
