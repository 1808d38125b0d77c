package io.ratelimit.http;

import io.ratelimit.annotation.RateLimited;
import org.springframework.security.core.userdetails.ReactiveUserDetailsService;
import org.springframework.security.core.userdetails.User;
import org.springframework.security.core.userdetails.UserDetails;
import org.springframework.security.core.userdetails.UserDetailsService;
import reactor.core.publisher.Mono;

/** Users whose names may be looked up once an hour. */
final class LimitedUsers {

    private LimitedUsers() {}

    private static UserDetails user(String name) {
        return User.withUsername(name).password("{noop}secret").roles("USER").build();
    }

    static class Blocking implements UserDetailsService {

        @Override
        @RateLimited(limit = "logins", key = "#name")
        public UserDetails loadUserByUsername(String name) {
            return user(name);
        }
    }

    static class Reactive implements ReactiveUserDetailsService {

        @Override
        @RateLimited(limit = "logins", key = "#name")
        public Mono<UserDetails> findByUsername(String name) {
            return Mono.just(user(name));
        }
    }
}
