package io.ratelimit.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.springframework.aot.hint.predicate.RuntimeHintsPredicates.resource;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.springframework.aot.hint.RuntimeHints;

class RedisScriptFilesTests {

    private static final int MOST_LINES = 200;

    @Test
    void everyFileInTheFolderIsDeclaredOnce() throws Exception {
        try (Stream<Path> files = Files.list(folder())) {
            assertThat(files.map(file -> file.getFileName().toString()))
                    .containsExactlyInAnyOrderElementsOf(RateLimitScript.FILES);
        }
    }

    @Test
    void theScriptIsTheFilesInTheDeclaredOrderWithABlankLineBetween() throws Exception {
        String script = RateLimitScript.packaged();
        int at = 0;
        for (String file : RateLimitScript.FILES) {
            String text = text(file);
            assertThat(script.substring(at)).as(file).startsWith(text);
            at += text.length();
            if (at < script.length()) {
                assertThat(script.charAt(at)).isEqualTo('\n');
                at++;
            }
        }
        assertThat(at).isEqualTo(script.length());
    }

    @Test
    void everyFileIsInTheScriptOnce() throws Exception {
        String script = RateLimitScript.packaged();
        for (String file : RateLimitScript.FILES) {
            String text = text(file);
            assertThat(script.indexOf(text)).as(file).isNotNegative().isEqualTo(script.lastIndexOf(text));
        }
    }

    @Test
    void noFileIsLongerThanTwoHundredLines() throws Exception {
        for (String file : RateLimitScript.FILES) {
            assertThat(text(file).lines().toList()).as(file).hasSizeLessThanOrEqualTo(MOST_LINES);
        }
    }

    @Test
    void everyFileBeginsWithACommentThatSaysWhatItIs() throws Exception {
        for (String file : RateLimitScript.FILES) {
            assertThat(text(file)).as(file).startsWith("-- ").endsWith("\n").doesNotEndWith("\n\n");
        }
    }

    @Test
    void theShortPathIsEnteredBeforeAnyFunctionOfTheRestIsCreated() {
        List<String> files = RateLimitScript.FILES;
        assertThat(files).startsWith("protocol.lua", "short_path.lua").endsWith("main.lua");
        String script = RateLimitScript.packaged();
        String untilEntered = script.substring(0, script.indexOf("if not wanted then return { results } end"));
        assertThat(untilEntered.lines().filter(line -> line.matches("(?!\\s*--).*\\bfunction\\b.*")))
                .containsExactly(
                        "local function take(key, shape, position, wanted, micros_now)",
                        "local function decide_short(entry, wanted, last_key, results, micros_now, take)");
    }

    @Test
    void aNativeImageHasEveryFile() {
        RuntimeHints hints = new RuntimeHints();
        new RedisRuntimeHints().registerHints(hints, getClass().getClassLoader());
        for (String file : RateLimitScript.FILES) {
            assertThat(resource().forResource("io/ratelimit/redis/lua/" + file)).accepts(hints);
        }
    }

    private static String text(String file) throws IOException {
        return Files.readString(folder().resolve(file));
    }

    private static Path folder() {
        try {
            return Path.of(RateLimitScript.class.getResource("lua").toURI());
        } catch (Exception ex) {
            throw new IllegalStateException(ex);
        }
    }
}
