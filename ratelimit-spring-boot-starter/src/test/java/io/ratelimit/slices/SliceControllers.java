package io.ratelimit.slices;

import io.ratelimit.annotation.RateLimited;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;
import reactor.core.publisher.Mono;

/** Controllers for slices of Spring MVC and of WebFlux. */
final class SliceControllers {

    private SliceControllers() {}

    @RestController
    public static class Search {

        @GetMapping("/search")
        @RateLimited(limit = "search", key = "#user")
        public String search(@RequestParam String user) {
            return "found";
        }
    }

    @RestController
    public static class ReactiveSearch {

        @GetMapping("/reactive-search")
        @RateLimited(limit = "search", key = "#user")
        public Mono<String> search(@RequestParam String user) {
            return Mono.just("found");
        }
    }

    @RestController
    public static class Misspelt {

        @GetMapping("/misspelt")
        @RateLimited("serach")
        public String search() {
            return "found";
        }
    }

    @RestController
    public static class OfTenant {

        @GetMapping("/tenant")
        @RateLimited(limit = "search", key = "@tenants.current()")
        public String search() {
            return "found";
        }
    }
}
