package io.ratelimit.benchmarks;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** The script in Spring Cloud Gateway's jar, called with the same keys and arguments as by the gateway. */
final class GatewayScript {

    private static final String RESOURCE = "META-INF/scripts/request_rate_limiter.lua";

    private GatewayScript() {}

    static RedisLimiter open(InetSocketAddress redis, BenchmarkLimit limit) {
        return LettuceScript.open(
                redis,
                script(),
                GatewayScript::keys,
                arguments(limit),
                reply -> Long.valueOf(1).equals(reply.get(0)));
    }

    private static String[] keys(String key) {
        String prefix = "request_rate_limiter.{benchmark." + key + "}.";
        return new String[] {prefix + "tokens", prefix + "timestamp"};
    }

    /**
     * The script counts whole tokens a second, so one call a day is expressed as a call that costs the tokens of a day.
     */
    private static List<String> arguments(BenchmarkLimit limit) {
        String capacity = String.valueOf(limit.admits ? limit.capacity : limit.period.toSeconds());
        return List.of("1", capacity, "", limit.admits ? "1" : capacity);
    }

    private static String script() {
        try (InputStream resource = GatewayScript.class.getClassLoader().getResourceAsStream(RESOURCE)) {
            if (resource == null) {
                throw new IllegalStateException(
                        "Missing " + RESOURCE + " on the class path; add spring-cloud-gateway-server-webflux");
            }
            return new String(resource.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException ex) {
            throw new UncheckedIOException(ex);
        }
    }
}
