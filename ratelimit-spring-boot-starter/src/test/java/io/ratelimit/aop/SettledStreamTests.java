package io.ratelimit.aop;

import static org.assertj.core.api.Assertions.assertThat;

import io.ratelimit.annotation.RateLimited;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.http.ResponseEntity;
import org.springframework.web.context.request.async.DeferredResult;
import org.springframework.web.servlet.mvc.method.annotation.ResponseBodyEmitter;
import org.springframework.web.servlet.mvc.method.annotation.SseEmitter;
import org.springframework.web.servlet.mvc.method.annotation.StreamingResponseBody;
import reactor.core.publisher.Mono;

/** Methods with a {@code settle} that stream their response, so that no result tells what was used. */
class SettledStreamTests {

    @ParameterizedTest
    @ValueSource(
            classes = {
                Streaming.class,
                StreamingEntity.class,
                Sse.class,
                EmitterEntity.class,
                StreamOfCallable.class,
                StreamOfDeferred.class,
                StreamOfFuture.class,
                SseOfStage.class,
                EmitterEntityOfFuture.class,
                SseEntityOfMono.class
            })
    void aSettlementOfAStreamedResponseStopsTheStart(Class<?> bean) {
        LimitedApplication.with(bean)
                .run(context -> assertThat(LimitedApplication.mistake(context))
                        .hasMessageContaining(bean.getName() + "#call()")
                        .hasMessageContaining("settle \"#result\": the method streams its response")
                        .hasMessageContaining("settle in the code, with RateLimiterRegistry.settle"));
    }

    static class Streaming {
        @RateLimited(limit = "ten", settle = "#result")
        public StreamingResponseBody call() {
            return null;
        }
    }

    static class StreamingEntity {
        @RateLimited(limit = "ten", settle = "#result")
        public ResponseEntity<StreamingResponseBody> call() {
            return null;
        }
    }

    static class Sse {
        @RateLimited(limit = "ten", settle = "#result")
        public SseEmitter call() {
            return null;
        }
    }

    static class EmitterEntity {
        @RateLimited(limit = "ten", settle = "#result")
        public ResponseEntity<ResponseBodyEmitter> call() {
            return null;
        }
    }

    static class StreamOfCallable {
        @RateLimited(limit = "ten", settle = "#result")
        public Callable<ResponseEntity<StreamingResponseBody>> call() {
            return null;
        }
    }

    static class StreamOfDeferred {
        @RateLimited(limit = "ten", settle = "#result")
        public DeferredResult<StreamingResponseBody> call() {
            return null;
        }
    }

    static class StreamOfFuture {
        @RateLimited(limit = "ten", settle = "#result")
        public CompletableFuture<StreamingResponseBody> call() {
            return null;
        }
    }

    static class SseOfStage {
        @RateLimited(limit = "ten", settle = "#result")
        public CompletionStage<SseEmitter> call() {
            return null;
        }
    }

    static class EmitterEntityOfFuture {
        @RateLimited(limit = "ten", settle = "#result")
        public CompletableFuture<ResponseEntity<ResponseBodyEmitter>> call() {
            return null;
        }
    }

    static class SseEntityOfMono {
        @RateLimited(limit = "ten", settle = "#result")
        public Mono<ResponseEntity<SseEmitter>> call() {
            return null;
        }
    }
}
