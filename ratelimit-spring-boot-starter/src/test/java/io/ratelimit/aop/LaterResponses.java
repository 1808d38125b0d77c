package io.ratelimit.aop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.ratelimit.Charge;
import io.ratelimit.RateLimiterRegistry;
import io.ratelimit.annotation.RateLimited;
import jakarta.servlet.RequestDispatcher;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.aop.support.DefaultPointcutAdvisor;
import org.springframework.aop.support.NameMatchMethodPointcut;
import org.springframework.beans.factory.config.BeanDefinition;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Role;
import org.springframework.core.Ordered;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.context.request.async.DeferredResult;
import org.springframework.web.context.request.async.WebAsyncTask;
import org.springframework.web.servlet.ModelAndView;
import org.springframework.web.servlet.mvc.method.annotation.ResponseBodyEmitter;
import org.springframework.web.servlet.mvc.method.annotation.SseEmitter;
import org.springframework.web.servlet.mvc.method.annotation.StreamingResponseBody;

/** Handlers of Spring MVC with one call at a time, whose response is produced after they returned. */
@Timeout(120)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class LaterResponses {

    static final String[] PROPERTIES = {
        "ratelimit.store=memory",
        "ratelimit.limits.single.algorithm=concurrency",
        "ratelimit.limits.single.max-concurrent=1",
        "ratelimit.limits.single.lease-time=1h",
        "ratelimit.limits.ten=10/1h"
    };

    private static final Duration NEVER = Duration.ofMinutes(10);

    private final HttpClient client = HttpClient.newHttpClient();
    private final Map<Duration, Server> servers = new HashMap<>();
    private Server server;

    /** A running server. */
    interface Server extends AutoCloseable {

        ApplicationContext context();

        int port();

        @Override
        void close();
    }

    /** Starts the server with a timeout of asynchronous requests. */
    abstract Server start(Duration timeout) throws Exception;

    /** {@return the timeout after which the server reports at the latest that a client is gone} */
    Duration noticesLostClientWithin() {
        return NEVER;
    }

    /** Uses the server with this timeout, which tests share, as if no call had been made. */
    private void useServer(Duration timeout) throws Exception {
        if (!servers.containsKey(timeout)) {
            servers.put(timeout, start(timeout));
        }
        server = servers.get(timeout);
        work().renew();
        registry().get("ten").reset(Charge.SHARED);
        awaitFree();
    }

    @AfterAll
    void close() {
        servers.values().forEach(Server::close);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/callable",
                "/callable-entity",
                "/task",
                "/task-entity",
                "/deferred",
                "/deferred-entity",
                "/stream",
                "/stream-entity",
                "/sse",
                "/sse-entity",
                "/emitter",
                "/emitter-entity",
                "/callable-stream",
                "/object",
                "/forward",
                "/of-service"
            })
    void aLeaseIsHeldUntilTheResponseIsComplete(String path) throws Exception {
        useServer(NEVER);
        for (int call = 0; call < 2; call++) {
            CompletableFuture<HttpResponse<String>> first = begin(path);
            assertThat(get(path)).isEqualTo(429);
            work().end.complete("done");
            assertThat(first.get().statusCode()).isEqualTo(200);
            assertThat(first.get().body()).contains("done");
            awaitFree();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/callable",
                "/task",
                "/deferred",
                "/deferred-entity",
                "/stream",
                "/stream-entity",
                "/sse",
                "/emitter",
                "/callable-stream",
                "/forward"
            })
    void aLeaseIsHeldUntilTheResponseFails(String path) throws Exception {
        useServer(NEVER);
        CompletableFuture<HttpResponse<String>> first = begin(path);
        assertThat(get(path)).isEqualTo(429);
        work().end.completeExceptionally(new IllegalStateException("on purpose"));
        first.handle((response, failure) -> null).join();
        awaitFree();
    }

    /** Begins all requests before it waits for the first timeout. */
    @Test
    void aLeaseIsHeldUntilTheResponseTimesOut() throws Exception {
        useServer(Duration.ofSeconds(1));
        Map<String, CompletableFuture<HttpResponse<String>>> responses = new HashMap<>();
        for (String path : List.of(
                "/callable",
                "/task",
                "/deferred",
                "/deferred-entity",
                "/stream",
                "/sse",
                "/emitter",
                "/emitter-entity",
                "/callable-stream")) {
            work().next(path);
            responses.put(path, send(path));
            assertThat(isFree(path)).as(path).isFalse();
        }
        responses.forEach((path, response) -> {
            response.handle((value, failure) -> null).join();
            awaitFree(path);
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"/stream", "/stream-entity", "/sse", "/sse-entity", "/emitter", "/callable-stream"})
    void aLeaseIsHeldUntilTheClientIsGone(String path) throws Exception {
        useServer(noticesLostClientWithin());
        try (Socket socket = new Socket("localhost", server.port())) {
            socket.setSoLinger(true, 0);
            socket.getOutputStream()
                    .write(("GET " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n")
                            .getBytes(StandardCharsets.US_ASCII));
            InputStream in = socket.getInputStream();
            assertThat(in.read()).isEqualTo('H');
            work().running.await();
            assertThat(get(path)).isEqualTo(429);
        }
        awaitFree();
        assertThat(work().end).isNotDone();
    }

    /** Nothing asynchronous starts, whatever the handler returned. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "/failing-advice",
                "/replacing-advice",
                "/dropped",
                "/nothing",
                "/no-body",
                "/not-modified",
                "/broken",
                "/included"
            })
    void aLeaseIsReleasedIfTheDispatchEndsWithoutAnythingAsynchronous(String path) throws Exception {
        useServer(NEVER);
        work().end.complete("done");
        for (int call = 0; call < 3; call++) {
            assertThat(get(path)).isNotEqualTo(429);
            awaitFree();
        }
    }

    @Test
    void aChargeIsSettledByTheValueThatACallableBrings() throws Exception {
        useServer(NEVER);
        CompletableFuture<HttpResponse<String>> first = begin("/settled");
        assertThat(remaining()).isEqualTo(2);
        work().end.complete("four");
        assertThat(first.get().body()).isEqualTo("four");
        await().pollDelay(Duration.ZERO)
                .untilAsserted(() -> assertThat(remaining()).isEqualTo(6));
    }

    @ParameterizedTest
    @ValueSource(strings = {"/settled", "/refunded-deferred", "/refunded-stream"})
    void aChargeIsRefundedIfTheResponseFailsAsNamed(String path) throws Exception {
        useServer(NEVER);
        CompletableFuture<HttpResponse<String>> first = begin(path);
        assertThat(remaining()).isEqualTo(2);
        work().end.completeExceptionally(new IllegalStateException("on purpose"));
        first.handle((response, failure) -> null).join();
        await().pollDelay(Duration.ZERO)
                .untilAsserted(() -> assertThat(remaining()).isEqualTo(10));
    }

    /** Begins a request, and returns when its work runs. */
    private CompletableFuture<HttpResponse<String>> begin(String path) throws InterruptedException {
        work().renew();
        return send(path);
    }

    private CompletableFuture<HttpResponse<String>> send(String path) throws InterruptedException {
        CompletableFuture<HttpResponse<String>> response = client.sendAsync(request(path), BodyHandlers.ofString());
        assertThat(work().running.await(20, TimeUnit.SECONDS)).isTrue();
        return response;
    }

    private int get(String path) throws Exception {
        return client.send(request(path), BodyHandlers.ofString()).statusCode();
    }

    private HttpRequest request(String path) {
        return HttpRequest.newBuilder(URI.create("http://localhost:" + server.port() + path))
                .timeout(Duration.ofSeconds(30))
                .version(HttpClient.Version.HTTP_1_1)
                .build();
    }

    private Work work() {
        return server.context().getBean(Work.class);
    }

    private boolean isFree(String key) {
        return registry().get("single").peek(key).remaining() == 1;
    }

    private void awaitFree() {
        awaitFree(Work.KEY);
    }

    private void awaitFree(String key) {
        await(key)
                .pollDelay(Duration.ZERO)
                .pollInterval(Duration.ofMillis(5))
                .atMost(Duration.ofSeconds(20))
                .until(() -> isFree(key));
    }

    private double remaining() {
        return Math.floor(registry().get("ten").peek(Charge.SHARED).remaining());
    }

    private RateLimiterRegistry registry() {
        return server.context().getBean(RateLimiterRegistry.class);
    }

    /** One call of a key at a time. */
    @Target(ElementType.METHOD)
    @Retention(RetentionPolicy.RUNTIME)
    @RateLimited(limit = "single", key = "@work.key()")
    @interface OneAtATime {}

    /** The work that the handlers wait for. */
    public static final class Work {

        static final String KEY = "key";

        /** More than what a server buffers. */
        private static final byte[] CHUNK = ("more".repeat(16_000) + "\n").getBytes(StandardCharsets.US_ASCII);

        private volatile String key = KEY;
        private volatile CountDownLatch running = new CountDownLatch(1);
        private volatile CompletableFuture<String> end = new CompletableFuture<>();

        void renew() {
            end.complete("left over");
            next(KEY);
        }

        /** Leaves the work that runs as it is, and limits the next calls under another key. */
        void next(String key) {
            this.key = key;
            running = new CountDownLatch(1);
            end = new CompletableFuture<>();
        }

        public String key() {
            return key;
        }

        CompletableFuture<String> end() {
            return end;
        }

        String produce() throws InterruptedException {
            running.countDown();
            try {
                return end.get();
            } catch (ExecutionException ex) {
                throw new IllegalStateException(ex.getCause());
            }
        }

        /** Writes again and again until the end, so that a client that is gone is noticed. */
        void write(OutputStream out) throws IOException {
            CountDownLatch begun = running;
            CompletableFuture<String> ended = end;
            try {
                while (true) {
                    out.write(CHUNK);
                    out.flush();
                    begun.countDown();
                    try {
                        out.write(ended.get(5, TimeUnit.MILLISECONDS).getBytes(StandardCharsets.US_ASCII));
                        return;
                    } catch (TimeoutException ex) {
                        continue;
                    }
                }
            } catch (ExecutionException ex) {
                throw new IllegalStateException(ex.getCause());
            } catch (InterruptedException ex) {
                throw new IllegalStateException(ex);
            }
        }

        <T extends ResponseBodyEmitter> T emit(T emitter) {
            Thread thread = new Thread(() -> {
                OutputStream sending = new OutputStream() {
                    @Override
                    public void write(int value) {
                        throw new UnsupportedOperationException();
                    }

                    @Override
                    public void write(byte[] bytes) throws IOException {
                        emitter.send(new String(bytes, StandardCharsets.US_ASCII));
                    }
                };
                try {
                    write(sending);
                    emitter.complete();
                } catch (IOException ex) {
                    // The container reports the end.
                } catch (IllegalStateException ex) {
                    emitter.completeWithError(ex);
                }
            });
            thread.setDaemon(true);
            thread.start();
            return emitter;
        }

        DeferredResult<String> defer() {
            DeferredResult<String> result = new DeferredResult<>();
            end.whenComplete((value, failure) -> {
                if (failure == null) {
                    result.setResult(value);
                } else {
                    result.setErrorResult(failure);
                }
            });
            running.countDown();
            return result;
        }
    }

    /** A bean that is called by a handler. */
    static class Service {

        private final Work work;

        Service(Work work) {
            this.work = work;
        }

        @OneAtATime
        public Callable<String> callable() {
            return work::produce;
        }
    }

    @Configuration(proxyBeanMethods = false)
    static class Beans {

        @Bean
        Work work() {
            return new Work();
        }

        @Bean
        Service service(Work work) {
            return new Service(work);
        }

        @Bean
        Handlers handlers(Work work, Service service) {
            return new Handlers(work, service);
        }

        @Bean
        @Role(BeanDefinition.ROLE_INFRASTRUCTURE)
        static DefaultPointcutAdvisor failing() {
            return around("failingAdvice", result -> {
                throw new IllegalStateException("on purpose");
            });
        }

        @Bean
        @Role(BeanDefinition.ROLE_INFRASTRUCTURE)
        static DefaultPointcutAdvisor replacing() {
            return around("replacingAdvice", result -> {});
        }

        /** Creates advice outside of the limit. */
        private static DefaultPointcutAdvisor around(String method, Consumer<Object> after) {
            NameMatchMethodPointcut pointcut = new NameMatchMethodPointcut();
            pointcut.addMethodName(method);
            DefaultPointcutAdvisor advisor =
                    new DefaultPointcutAdvisor(pointcut, (org.aopalliance.intercept.MethodInterceptor) invocation -> {
                        after.accept(invocation.proceed());
                        return "replaced";
                    });
            advisor.setOrder(Ordered.HIGHEST_PRECEDENCE);
            return advisor;
        }
    }

    @RestController
    static class Handlers {

        private final Work work;
        private final Service service;

        Handlers(Work work, Service service) {
            this.work = work;
            this.service = service;
        }

        @GetMapping("/callable")
        @OneAtATime
        public Callable<String> callable() {
            return work::produce;
        }

        @GetMapping("/callable-entity")
        @OneAtATime
        public Callable<ResponseEntity<String>> callableEntity() {
            return () -> ResponseEntity.ok(work.produce());
        }

        @GetMapping("/task")
        @OneAtATime
        public WebAsyncTask<String> task() {
            return new WebAsyncTask<>(work::produce);
        }

        @GetMapping("/task-entity")
        @OneAtATime
        public WebAsyncTask<ResponseEntity<String>> taskEntity() {
            return new WebAsyncTask<>(() -> ResponseEntity.ok(work.produce()));
        }

        @GetMapping("/deferred")
        @OneAtATime
        public DeferredResult<String> deferred() {
            return work.defer();
        }

        @GetMapping("/deferred-entity")
        @OneAtATime
        public DeferredResult<ResponseEntity<String>> deferredEntity() {
            DeferredResult<ResponseEntity<String>> result = new DeferredResult<>();
            work.defer().setResultHandler(value -> {
                if (value instanceof String text) {
                    result.setResult(ResponseEntity.ok(text));
                } else {
                    result.setErrorResult(value);
                }
            });
            return result;
        }

        @GetMapping("/stream")
        @OneAtATime
        public StreamingResponseBody stream() {
            return work::write;
        }

        @GetMapping("/stream-entity")
        @OneAtATime
        public ResponseEntity<StreamingResponseBody> streamEntity() {
            return ResponseEntity.ok(work::write);
        }

        @GetMapping("/sse")
        @OneAtATime
        public SseEmitter sse() {
            return work.emit(new SseEmitter());
        }

        @GetMapping("/sse-entity")
        @OneAtATime
        public ResponseEntity<SseEmitter> sseEntity() {
            return ResponseEntity.ok(work.emit(new SseEmitter()));
        }

        @GetMapping("/emitter")
        @OneAtATime
        public ResponseBodyEmitter emitter() {
            return work.emit(new ResponseBodyEmitter());
        }

        @GetMapping("/emitter-entity")
        @OneAtATime
        public ResponseEntity<ResponseBodyEmitter> emitterEntity() {
            return ResponseEntity.ok(work.emit(new ResponseBodyEmitter()));
        }

        @GetMapping("/callable-stream")
        @OneAtATime
        public Callable<StreamingResponseBody> callableStream() {
            return () -> work::write;
        }

        @GetMapping("/object")
        @OneAtATime
        public Object object() {
            return (Callable<String>) work::produce;
        }

        @GetMapping("/forward")
        public ModelAndView forward() {
            return new ModelAndView("forward:/callable");
        }

        @GetMapping("/of-service")
        public Callable<String> ofService() {
            return service.callable();
        }

        @GetMapping("/failing-advice")
        @OneAtATime
        public Object failingAdvice() {
            return work.defer();
        }

        @GetMapping("/replacing-advice")
        @OneAtATime
        public Object replacingAdvice() {
            return work.defer();
        }

        @GetMapping("/dropped")
        public String dropped() {
            return "without " + service.callable();
        }

        @GetMapping("/nothing")
        @OneAtATime
        public Callable<String> nothing() {
            return null;
        }

        @GetMapping("/no-body")
        @OneAtATime
        public ResponseEntity<StreamingResponseBody> noBody() {
            return ResponseEntity.noContent().build();
        }

        @GetMapping("/not-modified")
        @OneAtATime
        public ResponseEntity<StreamingResponseBody> notModified() {
            return ResponseEntity.status(304).eTag("same").build();
        }

        @GetMapping("/broken")
        @OneAtATime
        public StreamingResponseBody broken() {
            throw new IllegalStateException("on purpose");
        }

        @GetMapping("/included")
        public void included(HttpServletRequest request, HttpServletResponse response) throws Exception {
            RequestDispatcher dispatcher = request.getRequestDispatcher("/dropped");
            dispatcher.include(request, response);
        }

        @GetMapping("/settled")
        @RateLimited(limit = "ten", cost = 8, settle = "#result.length()", refundOn = IllegalStateException.class)
        public Callable<String> settled() {
            return work::produce;
        }

        @GetMapping("/refunded-deferred")
        @RateLimited(limit = "ten", cost = 8, refundOn = IllegalStateException.class)
        public DeferredResult<String> refundedDeferred() {
            return work.defer();
        }

        @GetMapping("/refunded-stream")
        @RateLimited(limit = "ten", cost = 8, refundOn = IllegalStateException.class)
        public StreamingResponseBody refundedStream() {
            return work::write;
        }
    }
}
