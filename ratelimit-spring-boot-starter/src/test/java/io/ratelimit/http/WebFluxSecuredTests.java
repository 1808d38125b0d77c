package io.ratelimit.http;

import org.springframework.boot.WebApplicationType;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.security.config.Customizer;
import org.springframework.security.config.annotation.web.reactive.EnableWebFluxSecurity;
import org.springframework.security.config.web.server.ServerHttpSecurity;
import org.springframework.security.web.server.SecurityWebFilterChain;

class WebFluxSecuredTests extends SecuredResponses {

    WebFluxSecuredTests() {
        super(WebApplicationType.REACTIVE, Security.class);
    }

    @Configuration(proxyBeanMethods = false)
    @EnableWebFluxSecurity
    @Import(LimitedUsers.Reactive.class)
    static class Security {

        @Bean
        SecurityWebFilterChain chain(ServerHttpSecurity http) {
            return http.authorizeExchange(exchanges -> exchanges.anyExchange().authenticated())
                    .httpBasic(Customizer.withDefaults())
                    .build();
        }
    }
}
