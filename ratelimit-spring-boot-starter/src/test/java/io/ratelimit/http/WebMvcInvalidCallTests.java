package io.ratelimit.http;

import jakarta.servlet.Filter;
import jakarta.servlet.http.HttpServletRequest;
import org.springframework.boot.WebApplicationType;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.web.servlet.function.RouterFunction;
import org.springframework.web.servlet.function.RouterFunctions;
import org.springframework.web.servlet.function.ServerResponse;

class WebMvcInvalidCallTests extends InvalidCallResponses {

    WebMvcInvalidCallTests() {
        super(WebApplicationType.SERVLET, Functions.class);
    }

    @Configuration(proxyBeanMethods = false)
    static class Functions {

        @Bean
        Filter charging(Prices prices) {
            return (request, response, chain) -> {
                if (((HttpServletRequest) request).getRequestURI().equals("/filter")) {
                    prices.charge(Double.parseDouble(request.getParameter("cost")));
                } else {
                    chain.doFilter(request, response);
                }
            };
        }

        @Bean
        RouterFunction<ServerResponse> function(Prices prices) {
            return RouterFunctions.route()
                    .GET("/function", request -> {
                        prices.charge(Double.parseDouble(request.param("cost").orElseThrow()));
                        return ServerResponse.ok().body("done");
                    })
                    .build();
        }
    }
}
