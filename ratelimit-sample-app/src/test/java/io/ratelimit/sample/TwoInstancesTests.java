package io.ratelimit.sample;

import static org.assertj.core.api.Assertions.assertThat;

import io.ratelimit.algorithm.Rate;
import io.ratelimit.test.DecisionLog;
import io.ratelimit.test.redis.RedisExtension;
import io.ratelimit.test.redis.RedisServer;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.web.server.context.WebServerApplicationContext;
import org.springframework.context.ConfigurableApplicationContext;

/** Two instances of the sample on one Redis share a limit to the token. */
@ExtendWith(RedisExtension.class)
class TwoInstancesTests {

    private static final int CALLS = 200;

    private final HttpClient client = HttpClient.newHttpClient();

    @Test
    void twoInstancesTogetherAdmitAsManyCallsAsOne(RedisServer redis) throws Exception {
        redis.command("FLUSHALL");
        DecisionLog log = new DecisionLog();
        try (ConfigurableApplicationContext one = start(redis);
                ConfigurableApplicationContext two = start(redis)) {
            call(one, "warm-up", new DecisionLog()).join();
            call(two, "warm-up", new DecisionLog()).join();
            List<CompletableFuture<?>> calls = new ArrayList<>();
            for (int i = 0; i < CALLS; i++) {
                calls.add(call(one, "shared", log));
                calls.add(call(two, "shared", log));
            }
            calls.forEach(CompletableFuture::join);
        }
        assertThat(log.check(Rate.parse("10/10s"))).isEqualTo(DecisionLog.Verdict.POSSIBLE);
        assertThat(log.admittedTokens()).isGreaterThanOrEqualTo(10);
    }

    private static ConfigurableApplicationContext start(RedisServer redis) {
        return new SpringApplicationBuilder(SampleApplication.class)
                .run(
                        "--server.port=0",
                        "--ratelimit.store=redis",
                        "--ratelimit.redis.timeout=10s",
                        "--spring.data.redis.host=" + redis.host(),
                        "--spring.data.redis.port=" + redis.port(),
                        "--spring.datasource.generate-unique-name=true");
    }

    private CompletableFuture<?> call(ConfigurableApplicationContext instance, String user, DecisionLog log) {
        int port = ((WebServerApplicationContext) instance).getWebServer().getPort();
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://localhost:" + port + "/search?q=sofa"))
                .header("X-User", user)
                .build();
        long start = System.nanoTime();
        return client.sendAsync(request, HttpResponse.BodyHandlers.ofString()).thenAccept(response -> {
            assertThat(response.statusCode()).isIn(200, 429);
            log.add(start, System.nanoTime(), 1_000, response.statusCode() == 200);
        });
    }
}
