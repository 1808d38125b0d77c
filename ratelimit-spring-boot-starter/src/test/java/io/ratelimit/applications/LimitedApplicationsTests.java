package io.ratelimit.applications;

import static org.assertj.core.api.Assertions.assertThat;

import io.ratelimit.applications.notes.NotesApplication;
import io.ratelimit.applications.orders.OrdersApplication;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;

/** The applications, whose own tests run without limits, with the configuration that they are shipped with. */
class LimitedApplicationsTests {

    @ParameterizedTest
    @CsvSource({"notes, /notes/ann", "orders, /orders/1"})
    void theApplicationIsLimitedByItsMainConfiguration(String name, String path) throws Exception {
        Class<?> application = name.equals("notes") ? NotesApplication.class : OrdersApplication.class;
        try (ConfigurableApplicationContext context = new SpringApplicationBuilder(application)
                .run(
                        "--spring.config.location=classpath:/applications/" + name + "/main/",
                        "--ratelimit.store=memory",
                        "--server.port=0",
                        "--spring.main.banner-mode=off")) {
            String address = "http://localhost:" + context.getEnvironment().getProperty("local.server.port") + path;
            assertThat(statuses(address)).containsExactly(200, 200, 200, 429);
        }
    }

    private static List<Integer> statuses(String address) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create(address)).build();
        List<Integer> statuses = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            statuses.add(HttpClient.newHttpClient()
                    .send(request, BodyHandlers.discarding())
                    .statusCode());
        }
        return statuses;
    }
}
