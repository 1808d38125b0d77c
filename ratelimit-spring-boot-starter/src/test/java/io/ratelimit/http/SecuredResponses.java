package io.ratelimit.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Import;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/** The HTTP response to a call that is rejected within Spring Security, in any web framework. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class SecuredResponses {

    /** The running application, for tests of one framework only. */
    final RunningApplication application;

    SecuredResponses(WebApplicationType type, Class<?> security) {
        this.application = RunningApplication.start(
                type,
                new String[] {"ratelimit.store=memory", "ratelimit.limits.logins=1/1h", "ratelimit.limits.checks=1/1h"},
                Application.class,
                security);
    }

    @AfterAll
    void stop() {
        application.close();
    }

    @Test
    void aLimitedServiceOfUsersIsA429AndNoChallenge() {
        assertThat(login("ann", "secret").statusCode()).isEqualTo(200);

        assertRejected(login("ann", "secret"), "logins");
    }

    @Test
    void wrongCredentialsAreChallengedAsBefore() {
        HttpResponse<String> response = login("bob", "wrong");

        assertThat(response.statusCode()).isEqualTo(401);
        assertThat(response.headers().firstValue("WWW-Authenticate")).isPresent();
    }

    HttpResponse<String> login(String user, String password) {
        return login("/", user, password);
    }

    HttpResponse<String> login(String path, String user, String password) {
        String credentials =
                Base64.getEncoder().encodeToString((user + ":" + password).getBytes(StandardCharsets.UTF_8));
        return application.send(path, "GET", "Authorization", "Basic " + credentials);
    }

    static void assertRejected(HttpResponse<String> response, String limit) {
        assertThat(response.statusCode()).isEqualTo(429);
        assertThat(response.headers().firstValue("Content-Type")).hasValue("application/problem+json");
        assertThat(response.headers().firstValue("Retry-After")).hasValue("3600");
        assertThat(response.headers().firstValue("RateLimit")).hasValue("\"" + limit + "\";r=0;t=3600");
        assertThat(response.headers().firstValue("WWW-Authenticate")).isEmpty();
        assertThat(response.body()).contains("violated-policies").doesNotContain("ann");
    }

    @EnableAutoConfiguration
    @Import(Calls.class)
    static class Application {}

    @RestController
    static class Calls {

        @GetMapping({"/", "/denied", "/checked", "/forbidding", "/lists/{user}"})
        String call() {
            return "done";
        }
    }
}
