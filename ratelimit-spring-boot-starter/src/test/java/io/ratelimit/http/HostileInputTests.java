package io.ratelimit.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.ratelimit.DecisionSource;
import io.ratelimit.RateLimitExceededException;
import io.ratelimit.RateLimiterRegistry;
import io.ratelimit.annotation.RateLimited;
import io.ratelimit.test.redis.RedisServer;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.math.BigDecimal;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Import;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RestController;

/** Keys and costs that a caller makes up are data: not parsed, not logged, in no tag, message or answer. */
@ExtendWith(OutputCaptureExtension.class)
@Timeout(120)
class HostileInputTests {

    /** A part of every input that these tests send. */
    private static final String MARK = "s3cr3t";

    private static final AtomicInteger EVALUATED = new AtomicInteger();
    private static final String CALL = "T(io.ratelimit.http.HostileInputTests).evaluate()";

    private static final List<String> KEYS = List.of(
            MARK,
            MARK + CALL,
            CALL + " + '" + MARK + "'",
            "#{" + CALL + "}" + MARK,
            "${random.value}" + MARK,
            "${jndi:ldap://" + MARK + "}",
            "' + " + CALL + " + '" + MARK,
            "{x}" + MARK,
            MARK + "}",
            MARK + "*",
            MARK + "%s%n{}",
            MARK + "\r\nERROR forged",
            MARK + "\0",
            MARK + "\ud800",
            MARK + "\ud801",
            MARK + ":" + MARK,
            MARK + "x".repeat(1 << 20),
            MARK + "x".repeat((1 << 20) + 1));

    private static final List<Object> COSTS =
            List.of(-1, Double.NaN, Double.POSITIVE_INFINITY, new BigDecimal("-1E+1000000"), MARK, CALL, List.of(MARK));

    enum Place {
        MEMORY,
        REDIS,
        REDIS_THAT_IS_AWAY
    }

    /** Called only if a key is mistaken for an expression. */
    public static String evaluate() {
        EVALUATED.incrementAndGet();
        return MARK;
    }

    @ParameterizedTest
    @EnumSource
    void leavesNoTraceAndIsLimitedExactly(Place place, CapturedOutput output) throws Exception {
        try (RedisServer redis = RedisServer.start();
                ConfigurableApplicationContext context = start(place, redis)) {
            if (place == Place.REDIS_THAT_IS_AWAY) {
                redis.kill();
            }
            RateLimiterRegistry registry = context.getBean(RateLimiterRegistry.class);
            while (place == Place.REDIS && registry.get("strict").peek("known").source() != DecisionSource.STORE) {
                Thread.sleep(10);
            }
            Limited limited = context.getBean(Limited.class);
            List<String> told = new ArrayList<>();
            for (String key : KEYS) {
                limited.strict(key);
                told.add(rejected(() -> limited.strict(key)));
                told.add(rejected(() -> limited.hopeless(key)));
                told.add(text(catchThrowable(() -> limited.strict(key + " "))));
                limited.waiting(key);
                Thread.currentThread().interrupt();
                told.add(failed(CancellationException.class, () -> limited.waiting(key)));
                assertThat(Thread.interrupted()).isTrue();
                CompletableFuture<String> future = limited.future(key);
                assertThat(future.cancel(true)).isTrue();
                told.add(future.toString());
                if (place == Place.REDIS_THAT_IS_AWAY) {
                    told.add(rejected(() -> limited.shut(key)));
                }
                for (Object cost : COSTS) {
                    told.add(failed(IllegalArgumentException.class, () -> limited.priced(key, cost)));
                }
                assertThat(registry.get("priced").peek(key).remaining())
                        .as("nothing was charged")
                        .isEqualTo(1);
                told.add(failed(IllegalArgumentException.class, () -> limited.part(key)));
                told.add(text(catchThrowable(() -> registry.get("strict").reset("reset" + key))));
            }
            told.addAll(answers(context));
            for (Meter meter : context.getBean(MeterRegistry.class).getMeters()) {
                told.add(meter.getId().toString());
            }
            assertThat(told).noneMatch(text -> text.contains(MARK));
            assertThat(output.getAll()).doesNotContain(MARK).doesNotContain("forged");
            assertThat(EVALUATED).hasValue(0);
        }
    }

    private static List<String> answers(ConfigurableApplicationContext context) throws Exception {
        String root = "http://localhost:" + context.getEnvironment().getProperty("local.server.port");
        HttpClient client = HttpClient.newHttpClient();
        List<String> answers = new ArrayList<>();
        for (String user : KEYS.subList(0, 10)) {
            HttpRequest request = HttpRequest.newBuilder(URI.create(root + "/limited"))
                    .header("X-User", user)
                    .build();
            for (int status : List.of(200, 429)) {
                var answer = client.send(request, BodyHandlers.ofString());
                assertThat(answer.statusCode()).isEqualTo(status);
                answers.add(answer.headers().map() + answer.body());
            }
        }
        for (String path : List.of(
                "health", "ratelimits", "ratelimits/strict", "metrics", "metrics/ratelimit.decisions", "loggers")) {
            var answer = client.send(
                    HttpRequest.newBuilder(URI.create(root + "/actuator/" + path))
                            .build(),
                    BodyHandlers.ofString());
            assertThat(answer.statusCode()).as(path).isEqualTo(200);
            answers.add(answer.body());
        }
        return answers;
    }

    private static ConfigurableApplicationContext start(Place place, RedisServer redis) {
        return new SpringApplicationBuilder(Application.class)
                .properties(
                        "server.port=0",
                        "spring.main.web-application-type=servlet",
                        "management.endpoints.web.exposure.include=*",
                        "management.endpoint.health.show-details=always",
                        "management.health.redis.enabled=false",
                        "spring.data.redis.port=" + redis.port(),
                        "ratelimit.store=" + (place == Place.MEMORY ? "memory" : "redis"),
                        "ratelimit.defaults.rates=1/h",
                        "ratelimit.limits.strict.algorithm=token-bucket",
                        "ratelimit.limits.web.algorithm=token-bucket",
                        "ratelimit.limits.priced.algorithm=token-bucket",
                        "ratelimit.limits.part.algorithm=token-bucket",
                        "ratelimit.limits.wait.max-wait=100h",
                        "ratelimit.limits.shut.on-store-failure=deny")
                .run();
    }

    private static String rejected(ThrowingCallable call) {
        return failed(RateLimitExceededException.class, call);
    }

    private static String failed(Class<? extends Throwable> type, ThrowingCallable call) {
        Throwable failure = catchThrowable(call);
        assertThat(failure).isInstanceOf(type);
        return text(failure);
    }

    private static String text(@org.jspecify.annotations.Nullable Throwable failure) {
        StringWriter text = new StringWriter();
        if (failure != null) {
            failure.printStackTrace(new PrintWriter(text));
        }
        return text.toString();
    }

    @EnableAutoConfiguration
    @Import(Limited.class)
    static class Application {

        @Bean
        MeterRegistry meters() {
            return new SimpleMeterRegistry();
        }
    }

    @RestController
    static class Limited {

        @RateLimited(limit = "strict", key = "#key")
        public void strict(String key) {}

        @RateLimited(limit = "strict", key = "#key", maxWait = "1s")
        public void hopeless(String key) {}

        @RateLimited(limit = "wait", key = "#key", cost = 1)
        public void waiting(String key) {}

        @RateLimited(limit = "wait", key = "#key")
        public CompletableFuture<String> future(String key) {
            return new CompletableFuture<>();
        }

        @RateLimited(limit = "shut", key = "#key")
        public void shut(String key) {}

        @RateLimited(limit = "priced", key = "#key", costExpression = "#cost")
        public void priced(String key, Object cost) {}

        @RateLimited(limit = "part", key = "#user.name")
        public void part(Object user) {}

        @GetMapping("/limited")
        @RateLimited(limit = "web", key = "#user")
        public String limited(@RequestHeader("X-User") String user) {
            return "done";
        }
    }
}
