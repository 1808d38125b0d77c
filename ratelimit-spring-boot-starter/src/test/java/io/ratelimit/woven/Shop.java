package io.ratelimit.woven;

import io.ratelimit.annotation.NotRateLimited;
import io.ratelimit.annotation.RateLimited;
import io.ratelimit.annotation.RateLimits;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.annotation.AliasFor;
import org.springframework.security.access.prepost.PreAuthorize;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.context.request.async.DeferredResult;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Beans and plain objects with limits in every place that AspectJ can weave. */
final class Shop {

    private Shop() {}

    static class Orders {

        final AtomicInteger ran = new AtomicInteger();

        @RateLimited(limit = "two", key = "#user")
        public String place(String user) {
            ran.incrementAndGet();
            return "placed";
        }

        public String placeThroughItself(String user) {
            return place(user);
        }

        public String placeSecretly(String user) {
            return secretly(user);
        }

        @RateLimited(limit = "two", key = "#user")
        private String secretly(String user) {
            return "secretly";
        }

        @RateLimited(limit = "two", key = "#user")
        public final String placeForGood(String user) {
            return "for good";
        }

        @RateLimited(limit = "two", key = "#user", fallback = "none")
        public static String count(String user) {
            return "many";
        }

        private static String none(String user) {
            return "none";
        }

        @RateLimited(limit = "two", key = "#user", fallback = "later")
        public String polite(String user) {
            return "now";
        }

        private String later(String user) {
            return "later";
        }

        @RateLimited(limit = "two", key = "#user")
        public CompletionStage<String> stage(String user) {
            return CompletableFuture.completedFuture("staged");
        }

        @RateLimited(limit = "two", key = "#user")
        public Mono<String> mono(String user) {
            return Mono.just("body " + ran.incrementAndGet());
        }

        @RateLimited(limit = "two", key = "#user")
        public Flux<Integer> flux(String user) {
            return Flux.just(1, ran.incrementAndGet());
        }

        @RateLimited("single")
        public String alone(Supplier<String> body) {
            return body.get();
        }

        @RateLimited("single")
        public Mono<String> monoAlone(Mono<String> body) {
            return body;
        }

        @RateLimited("single")
        public Callable<String> callableAlone(Callable<String> body) {
            return body;
        }

        @RateLimited("single")
        public DeferredResult<String> deferredAlone() {
            return new DeferredResult<>();
        }

        @RateLimited("single")
        public CompletableFuture<String> futureAlone(CompletableFuture<String> body) {
            return body;
        }

        @RateLimited(limit = "two", key = "#user")
        @RateLimited("ten")
        public void twice(String user) {}

        @Two(key = "#user")
        public void composed(String user) {}
    }

    @Retention(RetentionPolicy.RUNTIME)
    @RateLimited("two")
    @interface Two {
        @AliasFor(annotation = RateLimited.class, attribute = "key")
        String key();
    }

    @Retention(RetentionPolicy.RUNTIME)
    @Two(key = "'deep'")
    @interface Deep {}

    @Retention(RetentionPolicy.RUNTIME)
    @Deep
    @interface Deeper {}

    @Retention(RetentionPolicy.RUNTIME)
    @RateLimits({@RateLimited(limit = "two", key = "'both'"), @RateLimited(limit = "ten", key = "'both'")})
    @interface Both {}

    static class Composed {

        @Deep
        public void deep() {}

        @Deeper
        public void deeper() {}

        @Both
        public void both() {}
    }

    @RateLimited("two")
    static class Whole {

        public void open() {
            hidden();
        }

        private void hidden() {}

        public static void ofNobody() {}

        @Override
        public String toString() {
            return "whole";
        }
    }

    @RateLimited("two")
    static class PartlyExempt {

        public void open() {}

        @NotRateLimited
        public void free() {}
    }

    static class Guarded {

        @PreAuthorize("#user == authentication.name")
        @RateLimited(limit = "two", key = "#user")
        public void place(String user) {}
    }

    static class PartOfWhole extends Whole {

        @Override
        public void open() {
            super.open();
        }

        public void more() {}
    }

    static class Overriding extends Orders {

        @Override
        @RateLimited(limit = "two", key = "#user")
        public String place(String user) {
            return super.place(user) + " again";
        }
    }

    static class Silent extends Orders {

        @Override
        public String place(String user) {
            return super.place(user) + " in silence";
        }
    }

    interface Wish {
        @RateLimited(limit = "two", key = "#user")
        void make(String user);

        @RateLimited(limit = "two", key = "#user")
        default void forget(String user) {}
    }

    static class Wishes implements Wish {
        @Override
        public void make(String user) {}
    }

    static class Misspelt {
        @RateLimited(limit = "two", key = "#usr")
        public void place(String user) {}
    }

    static class Objective {
        @RateLimited(limit = "two", fallback = "instead")
        public static String place(String user) {
            return "placed";
        }

        private String instead(String user) {
            return "instead";
        }
    }

    static class MisspeltLimit {
        @RateLimited("twoo")
        private void place() {}

        void run() {
            place();
        }
    }

    @Configuration
    static class LimitedConfiguration {

        @RateLimited("ten")
        public void call() {}
    }

    @RestController
    static class Handlers {

        @GetMapping("/orders")
        @RateLimited(limit = "two", key = "#user")
        public String order(@RequestParam(name = "user", required = false) String user) {
            return receipt(user);
        }

        @RateLimited("ten")
        private String receipt(String user) {
            return "ordered by " + user;
        }
    }

    static class Callers {

        private final Orders orders = new Orders();

        Callers() {
            orders.place("early");
            orders.place("early");
            orders.place("early");
        }
    }
}
