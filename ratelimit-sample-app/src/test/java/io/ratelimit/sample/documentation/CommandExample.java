package io.ratelimit.sample.documentation;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/** A {@code ./mvnw} command, which is not run: what it names must exist. */
final class CommandExample {

    private static final Set<String> GOALS = Set.of(
            "clean",
            "compile",
            "test",
            "package",
            "verify",
            "install",
            "spring-boot:run",
            "spotless:apply",
            "spotless:check");

    /** Properties of Maven and its plugins; all others must be read by something in this repository. */
    private static final Set<String> PROPERTIES =
            Set.of("test", "skipTests", "surefire.failIfNoSpecifiedTests", "spring-boot.run.arguments", "jacoco.skip");

    private CommandExample() {}

    /** Returns the mistakes of the command, empty if there is none. */
    static List<String> mistakes(String command) {
        List<String> mistakes = new ArrayList<>();
        String[] words = command.split("\\s+(?=(?:[^\"]*\"[^\"]*\")*[^\"]*$)");
        if (!words[0].equals("./mvnw")) {
            return List.of("not a ./mvnw command: " + command);
        }
        for (int i = 1; i < words.length; i++) {
            String word = words[i].replaceAll("[\"']", "");
            if (word.equals("-pl")) {
                for (String module : words[++i].split(",")) {
                    require(
                            Files.exists(Page.ROOT.resolve(module).resolve("pom.xml")),
                            "no module " + module,
                            mistakes);
                }
            } else if (word.startsWith("-P")) {
                String profile = word.substring(2);
                require(Sources.contain("<id>" + profile + "</id>"), "no profile " + profile, mistakes);
            } else if (word.startsWith("-Dtest=")) {
                for (String test : word.substring("-Dtest=".length()).split(",")) {
                    require(Sources.haveTest(test), "no test " + test, mistakes);
                }
            } else if (word.startsWith("-D")) {
                String property = word.substring(2).split("=")[0];
                require(
                        PROPERTIES.contains(property) || Sources.contain(property),
                        "nothing reads the property " + property,
                        mistakes);
            } else if (!word.startsWith("-")) {
                require(GOALS.contains(word), "no goal " + word, mistakes);
            }
        }
        return mistakes;
    }

    private static void require(boolean condition, String mistake, List<String> mistakes) {
        if (!condition) {
            mistakes.add(mistake);
        }
    }

    /** The sources of all modules. */
    static final class Sources {

        private static final List<Source> ALL = all();

        private record Source(String name, String text) {}

        private Sources() {}

        static boolean contain(String text) {
            return ALL.stream().anyMatch(source -> source.text().contains(text));
        }

        /** Returns whether a word occurs, with nothing of a name before or behind it. */
        static boolean containWord(String word) {
            var pattern =
                    java.util.regex.Pattern.compile("(?<![\\w])" + java.util.regex.Pattern.quote(word) + "(?![\\w])");
            return ALL.stream()
                    .anyMatch(source -> source.text().contains(word)
                            && pattern.matcher(source.text()).find());
        }

        /**
         * Returns whether there is a test, such as {@code RedisAclTests} or
         * {@code SentinelFaultTests#aMasterThatIsKilled}.
         */
        static boolean haveTest(String name) {
            String[] parts = name.split("#");
            return ALL.stream()
                    .filter(source -> source.name().matches(parts[0] + "\\.(java|kt)"))
                    .anyMatch(source -> parts.length == 1 || source.text().contains(" " + parts[1] + "("));
        }

        static String textOf(String name) {
            return ALL.stream()
                    .filter(source -> source.name().equals(name + ".java"))
                    .findFirst()
                    .orElseThrow()
                    .text();
        }

        private static List<Source> all() {
            try (Stream<Path> modules = Files.list(Page.ROOT)) {
                List<Path> roots = modules.filter(module -> Files.exists(module.resolve("pom.xml")))
                        .toList();
                List<Source> sources = new ArrayList<>();
                sources.add(source(Page.ROOT.resolve("pom.xml")));
                for (Path root : roots) {
                    sources.add(source(root.resolve("pom.xml")));
                    try (Stream<Path> files = Files.walk(root.resolve("src"))) {
                        files.filter(file -> file.toString().matches(".*\\.(java|kt|lua|xml|yml|txt|imports|json)"))
                                .filter(file -> !file.toString().contains("/sample/documentation/")
                                        || file.toString().endsWith("Tests.java"))
                                .forEach(file -> sources.add(source(file)));
                    }
                }
                return sources;
            } catch (IOException ex) {
                throw new UncheckedIOException(ex);
            }
        }

        private static Source source(Path file) {
            try {
                return new Source(file.getFileName().toString(), Files.readString(file));
            } catch (IOException ex) {
                throw new UncheckedIOException(ex);
            }
        }
    }
}
