package io.ratelimit.expression;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Texts that are keys, and blank ones that are none. */
class KeyTextTests {

    @Test
    void everyTextIsAKeyUnlessItIsBlank() {
        for (int first = Character.MIN_VALUE; first <= Character.MAX_VALUE; first++) {
            String one = Character.toString((char) first);
            for (String text : List.of(one, one + " ", one + "\u2003", one + "x", " " + one)) {
                assertThat(key(text)).isEqualTo(text.isBlank() ? null : text);
            }
        }
        assertThat(key("")).isNull();
        assertThat(key(null)).isNull();
    }

    private static @Nullable String key(@Nullable String value) {
        return KeyExpression.of(new TestOrigin("#key"), call -> value)
                .text(new CallSnapshot(null, Object.class.getMethods()[0], new Object[0]));
    }
}
