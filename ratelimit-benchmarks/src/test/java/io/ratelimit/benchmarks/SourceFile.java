package io.ratelimit.benchmarks;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A source file of any module, or a page of the documentation.
 *
 * @param path from the project's root, with slashes
 * @param lines without their ends
 */
record SourceFile(String path, List<String> lines) {

    private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
    private static final Pattern BUILT = Pattern.compile("(.*/)?(target|\\.git|\\.idea|\\.mvn|node_modules)/.*");
    private static final Pattern COMMENT_LINE = Pattern.compile("\\s*(/\\*|\\*|//|--).*");
    private static final Pattern COMMENT_MARK = Pattern.compile("^\\s*(/\\*\\*?|\\*/?|//+|--+) ?|\\s*\\*/\\s*$");
    private static final Pattern TAG = Pattern.compile("\\{@\\w+ ?|</?\\w+[^>]*>|}");

    /** Reads the project's files whose path from its root matches an expression, in order of their paths. */
    static List<SourceFile> matching(String expression) {
        Pattern wanted = Pattern.compile(expression);
        try (Stream<Path> files = Files.walk(ROOT)) {
            return files.filter(Files::isRegularFile)
                    .map(SourceFile::name)
                    .filter(path -> wanted.matcher(path).matches())
                    .filter(path -> !BUILT.matcher(path).matches())
                    .sorted()
                    .map(path -> new SourceFile(path, read(ROOT.resolve(path))))
                    .toList();
        } catch (IOException ex) {
            throw new UncheckedIOException(ex);
        }
    }

    /** {@return the number of lines that are neither blank nor a comment} */
    long codeLines() {
        return lines.stream()
                .filter(line -> !line.isBlank() && !COMMENT_LINE.matcher(line).matches())
                .count();
    }

    /** Returns each match of an expression in one line, as {@code path:line: text}. */
    Stream<String> linesWith(Pattern expression) {
        return Stream.iterate(0, i -> i < lines.size(), i -> i + 1)
                .filter(i -> expression.matcher(lines.get(i)).find())
                .map(i -> at(i, lines.get(i)));
    }

    /** Returns the lines outside of text blocks that match an expression, as {@code path:line: text}. */
    List<String> codeLinesWith(Pattern expression) {
        List<String> found = new ArrayList<>();
        boolean textBlock = false;
        for (int i = 0; i < lines.size(); i++) {
            if (!textBlock && expression.matcher(lines.get(i)).find()) {
                found.add(at(i, lines.get(i)));
            }
            textBlock ^= lines.get(i).contains("\"\"\"");
        }
        return found;
    }

    /** Returns each sentence of a comment that starts with a match of an expression, as {@code path:line: text}. */
    List<String> commentSentences(Pattern opening) {
        List<String> found = new ArrayList<>();
        Paragraph paragraph = new Paragraph();
        for (int i = 0; i < lines.size(); i++) {
            boolean comment = COMMENT_LINE.matcher(lines.get(i)).matches();
            String text =
                    comment ? COMMENT_MARK.matcher(lines.get(i)).replaceAll("").strip() : "";
            if (text.isEmpty()
                    || text.matches("(<p>|<li>|<pre>|@\\w).*")
                    || lines.get(i).strip().startsWith("/*")) {
                found.addAll(paragraph.end(opening));
            }
            paragraph.add(i, TAG.matcher(text).replaceAll(""));
        }
        found.addAll(paragraph.end(opening));
        return found;
    }

    /**
     * Returns each sentence of a page, outside of code, tables and headings, that starts with a match of an expression.
     */
    List<String> pageSentences(Pattern opening) {
        List<String> found = new ArrayList<>();
        Paragraph paragraph = new Paragraph();
        boolean code = false;
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i).strip();
            code ^= line.startsWith("```");
            boolean text = !code && !line.matches("(\\||#|```|<!--).*");
            if (!text || line.isEmpty() || line.matches("([-*]|\\d+\\.) .*")) {
                found.addAll(paragraph.end(opening));
            }
            if (text) {
                paragraph.add(i, line.replaceFirst("^([-*]|\\d+\\.) ", "").replaceAll("\\*\\*|`", ""));
            }
        }
        found.addAll(paragraph.end(opening));
        return found;
    }

    /** The lines of a paragraph until it ends. */
    private final class Paragraph {

        private int firstLine;
        private final StringBuilder text = new StringBuilder();

        void add(int index, String words) {
            if (text.isEmpty()) {
                firstLine = index;
            }
            if (!words.isBlank()) {
                text.append(text.isEmpty() ? "" : " ").append(words.strip());
            }
        }

        /** Ends the paragraph, and returns its sentences that start with a match. Questions are allowed. */
        List<String> end(Pattern opening) {
            String[] sentences = text.toString().split("(?<=[.!?]) (?=[A-Z])");
            text.setLength(0);
            return Stream.of(sentences)
                    .filter(sentence -> opening.matcher(sentence).lookingAt() && !sentence.endsWith("?"))
                    .map(sentence -> at(firstLine, sentence))
                    .toList();
        }
    }

    /** {@return the first group of each match of an expression in the whole file} */
    List<String> groups(Pattern expression) {
        return expression
                .matcher(String.join("\n", lines))
                .results()
                .map((MatchResult match) -> match.group(1))
                .toList();
    }

    private String at(int index, String text) {
        return path + ":" + (index + 1) + ": " + text.strip();
    }

    private static String name(Path file) {
        return ROOT.relativize(file).toString().replace('\\', '/');
    }

    private static List<String> read(Path file) {
        try {
            return Files.readAllLines(file);
        } catch (IOException ex) {
            throw new UncheckedIOException(ex);
        }
    }
}
