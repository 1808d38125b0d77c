package io.ratelimit.applications.orders;

import io.ratelimit.applications.orders.Orders.Order;
import org.junit.jupiter.api.Test;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.test.web.reactive.server.WebTestClient;

@SpringBootTest(
        webEnvironment = WebEnvironment.RANDOM_PORT,
        properties = "spring.config.location=classpath:/applications/orders/test/")
class OrdersApplicationTests {

    @LocalServerPort
    private int port;

    @Test
    void exportsAllOrders() {
        WebTestClient client =
                WebTestClient.bindToServer().baseUrl("http://localhost:" + port).build();
        for (int i = 0; i < 5; i++) {
            client.get()
                    .uri("/orders")
                    .exchange()
                    .expectStatus()
                    .isOk()
                    .expectBodyList(Order.class)
                    .hasSize(2);
        }
    }
}
