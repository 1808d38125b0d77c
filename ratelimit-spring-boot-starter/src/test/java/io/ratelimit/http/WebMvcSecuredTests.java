package io.ratelimit.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.ratelimit.RateLimitExceededException;
import io.ratelimit.annotation.RateLimited;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.web.servlet.DelegatingFilterProxyRegistrationBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.core.annotation.Order;
import org.springframework.security.authentication.AuthenticationManager;
import org.springframework.security.authentication.ProviderManager;
import org.springframework.security.authentication.UsernamePasswordAuthenticationToken;
import org.springframework.security.authentication.dao.DaoAuthenticationProvider;
import org.springframework.security.authorization.AuthorizationDecision;
import org.springframework.security.config.Customizer;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.config.annotation.web.configuration.EnableWebSecurity;
import org.springframework.security.core.AuthenticationException;
import org.springframework.security.core.userdetails.UserDetailsService;
import org.springframework.security.web.SecurityFilterChain;
import org.springframework.security.web.authentication.Http403ForbiddenEntryPoint;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

class WebMvcSecuredTests extends SecuredResponses {

    WebMvcSecuredTests() {
        super(WebApplicationType.SERVLET, Security.class);
    }

    @Test
    void aLimitedServiceBehindAManagerOfTheApplicationIsA429() {
        assertThat(login("/lists/cid", "cid", "secret").statusCode()).isEqualTo(200);

        assertRejected(login("/lists/cid", "cid", "secret"), "logins");
    }

    @Test
    void aLimitedCheckOfAuthorizationIsA429() {
        assertThat(login("/checked", "dan", "secret").statusCode()).isEqualTo(200);

        assertRejected(login("/checked", "eve", "secret"), "checks");
    }

    @Test
    void aLimitedServiceBehindAnEntryPointThatForbidsIsA429() {
        assertThat(login("/forbidding", "fay", "secret").statusCode()).isEqualTo(200);

        assertRejected(login("/forbidding", "fay", "secret"), "logins");
        assertThat(login("/forbidding", "joe", "wrong").statusCode()).isEqualTo(403);
    }

    @Test
    void anErrorAfterALaterLoginStays() {
        assertRejected(application.get("/logins?users=hal,hal"), "logins");
        assertThat(application.get("/logins?users=ida,ida,jan").statusCode()).isEqualTo(403);
    }

    @Test
    void aDenialForAnotherReasonStays() {
        assertThat(login("/denied", "gus", "secret").statusCode()).isEqualTo(403);
    }

    @Configuration(proxyBeanMethods = false)
    @EnableWebSecurity
    @Import({LimitedUsers.Blocking.class, Checks.class, WebMvcSecuredTests.Logins.class})
    static class Security {

        @Bean
        DelegatingFilterProxyRegistrationBean securityFilter() {
            DelegatingFilterProxyRegistrationBean registration =
                    new DelegatingFilterProxyRegistrationBean("springSecurityFilterChain");
            registration.setOrder(-100);
            return registration;
        }

        @Bean
        AuthenticationManager manager(UserDetailsService users) {
            return new ProviderManager(new DaoAuthenticationProvider(users));
        }

        @Bean
        @Order(1)
        SecurityFilterChain lists(HttpSecurity http, AuthenticationManager manager) throws Exception {
            return http.securityMatcher("/lists/**")
                    .authorizeHttpRequests(requests -> requests.anyRequest().authenticated())
                    .httpBasic(Customizer.withDefaults())
                    .authenticationManager(manager)
                    .build();
        }

        @Bean
        @Order(1)
        SecurityFilterChain forbidding(HttpSecurity http) throws Exception {
            return http.securityMatcher("/forbidding")
                    .authorizeHttpRequests(requests -> requests.anyRequest().authenticated())
                    .httpBasic(basic -> basic.authenticationEntryPoint(new Http403ForbiddenEntryPoint()))
                    .build();
        }

        @Bean
        @Order(2)
        SecurityFilterChain others(HttpSecurity http, Checks checks) throws Exception {
            return http.authorizeHttpRequests(requests -> requests.requestMatchers("/checked")
                            .access((user, request) -> new AuthorizationDecision(checks.check()))
                            .requestMatchers("/denied")
                            .denyAll()
                            .requestMatchers("/logins")
                            .permitAll()
                            .anyRequest()
                            .authenticated())
                    .httpBasic(Customizer.withDefaults())
                    .build();
        }
    }

    /** Logs users in and forbids the request for another reason. */
    @RestController
    static class Logins {

        private final AuthenticationManager manager;

        Logins(AuthenticationManager manager) {
            this.manager = manager;
        }

        @GetMapping("/logins")
        void login(@RequestParam("users") List<String> users, HttpServletResponse response) throws IOException {
            for (String user : users) {
                try {
                    manager.authenticate(UsernamePasswordAuthenticationToken.unauthenticated(user, "secret"));
                } catch (AuthenticationException ex) {
                    assertThat(ex).hasCauseInstanceOf(RateLimitExceededException.class);
                }
            }
            response.sendError(403);
        }
    }

    static class Checks {

        @RateLimited("checks")
        public boolean check() {
            return true;
        }
    }
}
