package io.ratelimit.aop;

import static org.assertj.core.api.Assertions.assertThat;

import io.ratelimit.annotation.NotRateLimited;
import io.ratelimit.annotation.RateLimited;
import io.ratelimit.annotation.RateLimits;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.springframework.aot.hint.MemberCategory;
import org.springframework.aot.hint.RuntimeHints;
import org.springframework.aot.hint.RuntimeHintsRegistrar;
import org.springframework.aot.hint.TypeReference;
import org.springframework.aot.hint.predicate.RuntimeHintsPredicates;
import org.springframework.core.io.support.SpringFactoriesLoader;
import org.springframework.security.authorization.method.AuthorizationAdvisor;
import org.springframework.util.ClassUtils;

class RateLimitedRuntimeHintsTests {

    @Test
    void registersTheAnnotationsAndTheTypesThatAreLookedUpByName() {
        RuntimeHints hints = new RuntimeHints();
        new RateLimitedRuntimeHints().registerHints(hints, getClass().getClassLoader());
        assertThat(RuntimeHintsPredicates.reflection()
                        .onType(RateLimited.class)
                        .withMemberCategory(MemberCategory.INVOKE_DECLARED_METHODS))
                .accepts(hints);
        assertThat(RuntimeHintsPredicates.reflection()
                        .onType(NotRateLimited.class)
                        .withMemberCategory(MemberCategory.INVOKE_DECLARED_METHODS))
                .accepts(hints);
        assertThat(RuntimeHintsPredicates.reflection()
                        .onType(RateLimits.class)
                        .withMemberCategory(MemberCategory.INVOKE_DECLARED_METHODS))
                .accepts(hints);
        assertThat(RuntimeHintsPredicates.reflection().onType(AuthorizationAdvisor.class))
                .accepts(hints);
    }

    /** Mocks are found in tests only, and woven classes are no part of native images. */
    @Test
    void registersEveryTypeThatTheSourcesLookUpByName() throws Exception {
        RuntimeHints hints = new RuntimeHints();
        ClassLoader loader = getClass().getClassLoader();
        SpringFactoriesLoader.forResourceLocation("META-INF/spring/aot.factories", loader)
                .load(RuntimeHintsRegistrar.class)
                .stream()
                .filter(registrar -> registrar.getClass().getName().startsWith("io.ratelimit."))
                .forEach(registrar -> registrar.registerHints(hints, loader));
        List<String> names = namesInSources();
        assertThat(names)
                .contains("reactor.core.publisher.Mono", "io.lettuce.core.RedisClient")
                .filteredOn(name -> ClassUtils.isPresent(name, loader))
                .allSatisfy(
                        name -> assertThat(RuntimeHintsPredicates.reflection().onType(TypeReference.of(name)))
                                .accepts(hints));
    }

    private static List<String> namesInSources() throws IOException {
        Pattern name = Pattern.compile("\"((?:[a-z][a-z0-9]*\\.)+[A-Z]\\w*)\"");
        try (Stream<Path> files = Files.walk(Path.of("src/main/java"))) {
            List<Path> sources = files.filter(
                            file -> file.toString().matches(".*(?<!AutoConfiguration|RuntimeHints)\\.java"))
                    .toList();
            List<String> names = new ArrayList<>();
            for (Path source : sources) {
                String text = Files.readString(source);
                if (text.contains("ClassUtils.isPresent(")) {
                    name.matcher(text).results().map(match -> match.group(1)).forEach(names::add);
                }
            }
            names.removeIf(type -> type.startsWith("org.mockito.") || type.startsWith("org.aspectj."));
            return names;
        }
    }
}
