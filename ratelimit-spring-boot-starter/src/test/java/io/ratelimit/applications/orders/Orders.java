package io.ratelimit.applications.orders;

import io.ratelimit.annotation.RateLimited;
import java.util.List;
import org.springframework.stereotype.Service;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RestController;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** The controller and the service of an application that tells the state of orders. */
final class Orders {

    private Orders() {}

    record Order(String id, String state) {}

    @RestController
    static class OrderController {

        private final OrderService orders;

        OrderController(OrderService orders) {
            this.orders = orders;
        }

        @GetMapping("/orders/{id}")
        @RateLimited(limit = "orders", key = "'order:' + #id")
        public Mono<Order> order(@PathVariable String id) {
            return orders.find(id);
        }

        @GetMapping("/orders")
        @RateLimited("order-exports")
        public Flux<Order> export() {
            return orders.all();
        }
    }

    @Service
    @RateLimited(limit = "orders", key = "#root.method.name")
    static class OrderService {

        private final List<Order> orders = List.of(new Order("1", "sent"), new Order("2", "new"));

        public Mono<Order> find(String id) {
            return all().filter(order -> order.id().equals(id)).next();
        }

        public Flux<Order> all() {
            return Flux.fromIterable(orders);
        }
    }
}
