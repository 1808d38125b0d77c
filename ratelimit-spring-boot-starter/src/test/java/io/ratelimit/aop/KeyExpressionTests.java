package io.ratelimit.aop;

import static io.ratelimit.aop.LimitedApplication.taken;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.ratelimit.annotation.RateLimited;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

/** Values that are found to be keys, or none, by the class that they turn out to have. */
class KeyExpressionTests {

    private final ApplicationContextRunner application = LimitedApplication.with(Bean.class);

    static Stream<Arguments> keysOfParts() {
        List<Object> itself = new ArrayList<>(List.of("a"));
        itself.add(itself);
        return Stream.of(
                Arguments.of(List.of("a", true, 1), "[a, true, 1]"),
                Arguments.of(Set.of(Optional.of("x")), "[Optional[x]]"),
                Arguments.of(Map.of("a", List.of(1, 2)), "{a=[1, 2]}"),
                Arguments.of(Map.entry("a", 1), "a=1"),
                Arguments.of(itself, "[a, (this Collection)]"),
                Arguments.of(new Tenant("acme"), "Tenant[name=acme]"));
    }

    @ParameterizedTest
    @MethodSource("keysOfParts")
    void aValueWhosePartsAllHaveATextIsAKey(Object value, String key) {
        application.run(context -> {
            context.getBean(Bean.class).any(value);
            context.getBean(Bean.class).any(value);
            assertThat(taken(context, "ten", key)).isEqualTo(2);
        });
    }

    static Stream<Object> textless() {
        Object[] secrets = {"secret-user"};
        return Stream.of(
                new Object(),
                new Holder("secret-user"),
                Optional.of(new Holder("secret-user")),
                Optional.of(secrets),
                List.of("secret-user", new Holder("secret-user")),
                List.of(List.of("secret-user"), List.of(new int[] {1})),
                Set.of(Optional.of(new Object())),
                Map.of("secret-user", new byte[] {1}),
                Map.of(new Holder("secret-user"), 1),
                Map.entry("secret-user", secrets),
                Stream.of("secret-user"));
    }

    @ParameterizedTest
    @MethodSource("textless")
    void aValueOrPartWithoutToStringIsRejectedWithItsClassButNotWithItsValue(Object value) {
        application.run(context -> {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> context.getBean(Bean.class).any(value))
                    .withMessageStartingWith(
                            "Invalid key of @RateLimited on " + Bean.class.getName() + "#any(Object): ")
                    .withMessageNotContaining("secret")
                    .withMessageNotContaining("@" + Integer.toHexString(value.hashCode()));
            assertThat(context.getBean(Bean.class).calls()).isZero();
        });
    }

    @Test
    void theMessageHasTheClassAndTheFix() {
        application.run(context -> assertThatIllegalArgumentException()
                .isThrownBy(() -> context.getBean(Bean.class).any(new Object()))
                .withMessage("Invalid key of @RateLimited on " + Bean.class.getName() + "#any(Object): \"#key\" gave a "
                        + "java.lang.Object, which does not override toString, so every call would have its own bucket; "
                        + "use one of its properties"));
    }

    record Tenant(String name) {}

    static final class Holder {

        private final String value;

        Holder(String value) {
            this.value = value;
        }

        public String getValue() {
            return value;
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "T(java.lang.Runtime).getRuntime().exit(3)",
                "#{T(java.lang.Runtime).getRuntime().exit(3)}",
                "${user.home}",
                "@plans",
                "#root",
                "' + #text + '"
            })
    void valuesOfParametersAreNeverParsed(String hostile) {
        LimitedApplication.with(Keyed.class).run(context -> {
            context.getBean(Keyed.class).alone(hostile);
            context.getBean(Keyed.class).joined(hostile);
            assertThat(taken(context, "ten", hostile)).isEqualTo(1);
            assertThat(taken(context, "ten", "k:" + hostile)).isEqualTo(1);
        });
    }

    static class Bean {

        private int calls;

        int calls() {
            return calls;
        }

        @RateLimited(limit = "ten", key = "#key")
        public void any(Object key) {
            calls++;
        }
    }

    static class Keyed {

        @RateLimited(limit = "ten", key = "#value")
        public void alone(String value) {}

        @RateLimited(limit = "ten", key = "'k:' + #value")
        public void joined(String value) {}
    }
}
