package io.ratelimit.sample.documentation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ratelimit.RateLimitExceededException;
import io.ratelimit.RateLimitStore;
import io.ratelimit.aop.RateLimitAopAutoConfiguration;
import io.ratelimit.autoconfigure.RateLimitAutoConfiguration;
import io.ratelimit.memory.InMemoryRateLimitStore;
import io.ratelimit.test.VirtualClock;
import java.lang.reflect.InvocationTargetException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.aop.AopAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

/** The README keeps what its text promises. */
class ReadmeTests {

    private static final int MOST_BYTES = 9_216;

    private final Page readme = Page.of("README.md");

    @Test
    void fits_on_a_first_page() {
        assertThat(readme.text().getBytes(StandardCharsets.UTF_8)).hasSizeLessThanOrEqualTo(MOST_BYTES);
    }

    @Test
    void compares_in_ten_rows() {
        assertThat(readme.text()
                        .lines()
                        .dropWhile(line -> !line.startsWith("| | ratelimit |"))
                        .skip(2)
                        .takeWhile(line -> line.startsWith("|")))
                .hasSize(10);
    }

    @Test
    void the_first_five_minutes_limit_the_eleventh_search_of_a_user(@TempDir Path compiled) throws Exception {
        Class<?> service =
                new JavaExample(readme.blocks("java").get(0), compiled).beans().get(0);
        new ApplicationContextRunner()
                .withClassLoader(service.getClassLoader())
                .withConfiguration(AutoConfigurations.of(
                        AopAutoConfiguration.class,
                        RateLimitAutoConfiguration.class,
                        RateLimitAopAutoConfiguration.class))
                .withPropertyValues(
                        YamlExample.properties(readme.blocks("yaml").get(0).text()))
                .withBean(RateLimitStore.class, () -> InMemoryRateLimitStore.create(new VirtualClock(), 100))
                .withBean(service)
                .run(context -> {
                    Object bean = context.getBean(service);
                    for (int i = 0; i < 10; i++) {
                        assertThat(call(bean, "search", "user-42", "tea")).isEqualTo(List.of("a hit for tea"));
                    }
                    assertThatThrownBy(() -> call(bean, "search", "user-42", "tea"))
                            .isInstanceOf(RateLimitExceededException.class);
                    assertThat(call(bean, "search", "user-43", "tea")).isEqualTo(List.of("a hit for tea"));
                    assertThat(call(bean, "report", "acme", 10_000)).isEqualTo("10000 rows for acme");
                    assertThatThrownBy(() -> call(bean, "report", "acme", 1))
                            .isInstanceOf(RateLimitExceededException.class);
                });
    }

    private static Object call(Object bean, String method, Object... arguments) throws Throwable {
        for (var candidate : bean.getClass().getMethods()) {
            if (candidate.getName().equals(method)) {
                try {
                    return candidate.invoke(bean, arguments);
                } catch (InvocationTargetException ex) {
                    throw ex.getTargetException();
                }
            }
        }
        throw new NoSuchMethodException(method);
    }
}
