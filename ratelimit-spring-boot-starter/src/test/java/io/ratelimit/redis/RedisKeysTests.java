package io.ratelimit.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RedisKeysTests {

    private final RedisKeys keys = new RedisKeys("ratelimit");

    @ParameterizedTest
    @CsvSource({
        "user-42, ratelimit:{user-42}:search",
        "jo@example.org, ratelimit:{jo@example.org}:search",
        "'', ratelimit:{*}:search",
        "*, ratelimit:{%002a}:search",
        "}, ratelimit:{%007d}:search",
        "{x}, ratelimit:{%007bx%007d}:search",
        "a:b, ratelimit:{a%003ab}:search",
        "%002a, ratelimit:{%0025002a}:search",
        "~x, ratelimit:{%007ex}:search",
        "ü, ratelimit:{%00fc}:search",
    })
    void theSubjectIsTheHashTagAndEncoded(String subject, String expected) {
        assertThat(text("search", subject)).isEqualTo(expected);
    }

    @Test
    void controlCharactersAndLoneSurrogatesAreEncodedUnitByUnit() {
        assertThat(text("l", "\0\r\n\ud800")).isEqualTo("ratelimit:{%0000%000d%000a%d800}:l");
    }

    @Test
    void aSubjectOverEightyCharactersIsItsHash() {
        assertThat(text("l", "a".repeat(80))).isEqualTo("ratelimit:{" + "a".repeat(80) + "}:l");
        assertThat(text("l", "a".repeat(81))).matches("ratelimit:\\{~[A-Za-z0-9_-]{43}}:l");
        assertThat(text("l", "\u00fc".repeat(17))).matches("ratelimit:\\{~[A-Za-z0-9_-]{43}}:l");
    }

    @Test
    void noTwoHostileSubjectsShareAKeyAndNoneIsOverTwoHundredBytes() {
        RedisKeys longest = new RedisKeys("p".repeat(32));
        List<String> subjects = new ArrayList<>(List.of(
                "",
                "*",
                "}",
                "{x}",
                "x",
                "{}",
                "{",
                "\0",
                "\r\n",
                "\r",
                "\n",
                "%",
                "%0000",
                "%000d%000a",
                "%002a",
                "~",
                " ",
                "\ud800",
                "\udbff",
                "\udc00",
                "?",
                "\ufffd",
                "\ud83d\ude00",
                "a:b",
                "a",
                "b:c",
                "a:b:c",
                "a}:b",
                "A",
                "%00FC",
                "ü",
                "x".repeat(1 << 20),
                "x".repeat((1 << 20) - 1),
                "\ud800".repeat(1000),
                "\udbff".repeat(1000),
                "?".repeat(1000),
                "a".repeat(80),
                "a".repeat(81)));
        for (String subject : List.copyOf(subjects)) {
            String key = new String(longest.key("l", subject), StandardCharsets.US_ASCII);
            subjects.add(key);
            subjects.add(key.substring(key.indexOf('{') + 1, key.indexOf('}')));
        }
        Set<String> distinct = new HashSet<>(subjects);
        Set<String> encoded = new HashSet<>();
        for (String subject : distinct) {
            for (String limit : List.of("l", "b", "c", "n".repeat(64))) {
                byte[] key = longest.key(limit, subject);
                assertThat(key.length).isLessThanOrEqualTo(200);
                encoded.add(new String(key, StandardCharsets.US_ASCII));
            }
        }
        assertThat(encoded).hasSize(4 * distinct.size());
    }

    @Test
    void randomSubjectsOfFewUnitsNeverCollide() {
        Random random = new Random(7);
        String units = "a%~*{}:02\0\ud800\udc00";
        Set<String> subjects = new HashSet<>();
        Set<String> encoded = new HashSet<>();
        for (int i = 0; i < 50_000; i++) {
            StringBuilder subject = new StringBuilder();
            for (int length = random.nextInt(24); length >= 0; length--) {
                subject.append(units.charAt(random.nextInt(units.length())));
            }
            subjects.add(subject.toString());
            encoded.add(text("l", subject.toString()));
        }
        assertThat(encoded).hasSameSizeAs(subjects);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a{b", "a}b", "a b", "ü", "123456789012345678901234567890123"})
    void anInvalidPrefixIsRejectedWithTheRule(String prefix) {
        assertThatThrownBy(() -> RedisRateLimitStore.create(
                        TestConnections.lettuce("localhost", 1), prefix, Duration.ofMillis(250)))
                .isInstanceOf(InvalidRedisSettingException.class)
                .hasMessage("Invalid Redis key-prefix \"" + prefix + "\": not a key prefix; "
                        + "use 1 to 32 letters, digits, dots, colons, dashes and underscores");
    }

    @Test
    void thePrefixMayHaveAllItsCharacters() {
        assertThat(new String(new RedisKeys("a:B.9_-").key("l", "x"), StandardCharsets.US_ASCII))
                .isEqualTo("a:B.9_-:{x}:l");
    }

    private String text(String limit, String subject) {
        return new String(keys.key(limit, subject), StandardCharsets.US_ASCII);
    }
}
