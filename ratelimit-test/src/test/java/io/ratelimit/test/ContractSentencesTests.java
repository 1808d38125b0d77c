package io.ratelimit.test;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.TreeMap;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Compares the numbered sentences on the page of {@code RateLimitStore} with the nested classes that check them. */
class ContractSentencesTests {

    private static final Path PAGE = Path.of("../ratelimit-core/src/main/java/io/ratelimit/RateLimitStore.java");
    private static final Pattern LIST = Pattern.compile("<ol>(.*?)</ol>", Pattern.DOTALL);
    private static final Pattern ITEM = Pattern.compile("<li>\\s*(?:<\\w+>)?(\\w+)");
    private static final Pattern NUMBERED = Pattern.compile("((\\d+)\\. \\w+).*");

    @Test
    void theContractHasAtMostTenSentences() throws IOException {
        assertThat(sentences()).hasSizeBetween(1, 10);
    }

    @Test
    void eachSentenceIsCheckedByTestsThatNameItAndNoTestNamesAnother() throws IOException {
        List<String> checked = Arrays.stream(RateLimitStoreContract.class.getDeclaredClasses())
                .filter(section -> section.isAnnotationPresent(Nested.class) && tests(section) > 0)
                .map(section -> NUMBERED.matcher(
                        section.getAnnotation(DisplayName.class).value()))
                .filter(name -> name.matches())
                .collect(Collectors.toMap(
                        name -> Integer.valueOf(name.group(2)),
                        name -> name.group(1),
                        (one, other) -> {
                            assertThat(other).isEqualTo(one);
                            return one;
                        },
                        TreeMap::new))
                .values()
                .stream()
                .toList();

        assertThat(checked).isEqualTo(sentences());
    }

    /** The number and the first word of each sentence, such as {@code 3. Rejection}. */
    private static List<String> sentences() throws IOException {
        List<String> lists = groups(LIST, Files.readString(PAGE));
        assertThat(lists).as("numbered lists in %s", PAGE).hasSize(1);
        List<String> titles = groups(ITEM, lists.get(0));
        return IntStream.range(0, titles.size())
                .mapToObj(i -> i + 1 + ". " + titles.get(i))
                .toList();
    }

    private static List<String> groups(Pattern pattern, String text) {
        return pattern.matcher(text)
                .results()
                .map((MatchResult found) -> found.group(1))
                .toList();
    }

    private static long tests(Class<?> section) {
        return Arrays.stream(section.getSuperclass().getDeclaredMethods())
                .filter(ContractSentencesTests::isTest)
                .count();
    }

    private static boolean isTest(Method method) {
        return method.isAnnotationPresent(Test.class) || method.isAnnotationPresent(TestFactory.class);
    }
}
