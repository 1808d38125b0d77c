package io.ratelimit.sample.beside;

import io.ratelimit.annotation.RateLimited;
import jakarta.servlet.http.HttpSession;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.cache.annotation.EnableCaching;
import org.springframework.cloud.context.config.annotation.RefreshScope;
import org.springframework.graphql.data.method.annotation.Argument;
import org.springframework.graphql.data.method.annotation.QueryMapping;
import org.springframework.stereotype.Component;
import org.springframework.stereotype.Controller;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** An application that has many other libraries, all with their auto-configurations, and limits beside theirs. */
@SpringBootApplication
@EnableCaching
class BesideOthersApplication {

    @RestController
    static class Books {

        @RateLimited(limit = "two", key = "#user")
        @GetMapping("/books")
        public String find(@RequestParam String user) {
            return "found";
        }

        @RateLimited(limit = "two", key = "#session.id")
        @GetMapping("/visits")
        public String visit(HttpSession session) {
            return session.getClass().getName();
        }

        @RateLimited(limit = "two", key = "'theirs-' + #user")
        @GetMapping("/theirs")
        public String theirs(@RequestParam String user) {
            return "found";
        }

        @io.github.resilience4j.ratelimiter.annotation.RateLimiter(name = "theirs")
        @RateLimited(limit = "two", key = "#user")
        @GetMapping("/both")
        public String both(@RequestParam String user) {
            return "found";
        }
    }

    @Controller
    static class BookQueries {

        @QueryMapping
        @RateLimited(limit = "two", key = "'query-' + #id")
        public String book(@Argument String id) {
            return "book " + id;
        }
    }

    @Component
    @RefreshScope
    static class Refreshed {

        @RateLimited(limit = "two", key = "'refreshed'")
        public int call() {
            return System.identityHashCode(this);
        }
    }
}
