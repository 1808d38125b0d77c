package io.ratelimit.http;

import org.springframework.boot.WebApplicationType;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.web.reactive.function.server.RouterFunction;
import org.springframework.web.reactive.function.server.RouterFunctions;
import org.springframework.web.reactive.function.server.ServerResponse;
import org.springframework.web.server.WebFilter;
import reactor.core.publisher.Mono;

class WebFluxInvalidCallTests extends InvalidCallResponses {

    WebFluxInvalidCallTests() {
        super(WebApplicationType.REACTIVE, Functions.class);
    }

    @Configuration(proxyBeanMethods = false)
    static class Functions {

        @Bean
        WebFilter charging(Prices prices) {
            return (exchange, chain) -> {
                ServerHttpRequest request = exchange.getRequest();
                if (request.getPath().value().equals("/filter")) {
                    prices.charge(Double.parseDouble(request.getQueryParams().getFirst("cost")));
                    return Mono.empty();
                }
                return chain.filter(exchange);
            };
        }

        @Bean
        RouterFunction<ServerResponse> function(Prices prices) {
            return RouterFunctions.route()
                    .GET("/function", request -> {
                        prices.charge(
                                Double.parseDouble(request.queryParam("cost").orElseThrow()));
                        return ServerResponse.ok().bodyValue("done");
                    })
                    .build();
        }
    }
}
