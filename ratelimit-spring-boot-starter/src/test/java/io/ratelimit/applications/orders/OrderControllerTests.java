package io.ratelimit.applications.orders;

import static org.mockito.BDDMockito.given;

import io.ratelimit.applications.orders.Orders.Order;
import io.ratelimit.applications.orders.Orders.OrderController;
import io.ratelimit.applications.orders.Orders.OrderService;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.webflux.test.autoconfigure.WebFluxTest;
import org.springframework.test.context.bean.override.mockito.MockitoBean;
import org.springframework.test.web.reactive.server.WebTestClient;
import reactor.core.publisher.Mono;

@WebFluxTest(
        controllers = OrderController.class,
        properties = "spring.config.location=classpath:/applications/orders/test/")
class OrderControllerTests {

    @Autowired
    private WebTestClient client;

    @MockitoBean
    private OrderService orders;

    @Test
    void showsAnOrder() {
        given(orders.find("7")).willReturn(Mono.just(new Order("7", "new")));
        for (int i = 0; i < 10; i++) {
            client.get()
                    .uri("/orders/7")
                    .exchange()
                    .expectStatus()
                    .isOk()
                    .expectBody()
                    .json("{\"id\": \"7\", \"state\": \"new\"}");
        }
    }
}
