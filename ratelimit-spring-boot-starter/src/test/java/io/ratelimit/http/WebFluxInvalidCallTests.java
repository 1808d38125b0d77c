package io.ratelimit.http;

import org.springframework.boot.WebApplicationType;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.web.reactive.function.server.RouterFunction;
import org.springframework.web.reactive.function.server.RouterFunctions;
import org.springframework.web.reactive.function.server.ServerResponse;

class WebFluxInvalidCallTests extends InvalidCallResponses {

    WebFluxInvalidCallTests() {
        super(WebApplicationType.REACTIVE, Functions.class);
    }

    @Configuration(proxyBeanMethods = false)
    static class Functions {

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
