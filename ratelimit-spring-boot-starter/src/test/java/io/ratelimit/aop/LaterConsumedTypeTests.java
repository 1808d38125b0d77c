package io.ratelimit.aop;

import static org.assertj.core.api.Assertions.assertThat;

import io.ratelimit.annotation.RateLimited;
import java.io.InputStream;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import kotlin.sequences.Sequence;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.core.io.Resource;
import org.springframework.http.ResponseEntity;
import org.springframework.web.context.request.async.DeferredResult;
import org.springframework.web.servlet.mvc.method.annotation.SseEmitter;
import org.springframework.web.servlet.mvc.method.annotation.StreamingResponseBody;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Methods whose result is consumed after their call has ended. */
@ExtendWith(OutputCaptureExtension.class)
class LaterConsumedTypeTests {

    @Test
    void aLeasedMethodWhoseResultIsConsumedLaterIsWarnedOfOnceAtStartUp(CapturedOutput output) {
        LimitedApplication.with(Leased.class).run(context -> {
            assertThat(context).hasNotFailed();
            for (var method : Leased.class.getDeclaredMethods()) {
                if (method.isSynthetic()) {
                    continue;
                }
                String type = method.getName().substring(0, method.getName().indexOf('0'));
                assertThat(output)
                        .as(method.getName())
                        .containsOnlyOnce("@RateLimited on " + Leased.class.getName() + "#" + method.getName()
                                + "(): a call ends when it returns its " + type + ", before that is consumed");
            }
        });
    }

    @Test
    void aMethodThatIsSettledBeforeItsResultIsConsumedIsWarnedOf(CapturedOutput output) {
        LimitedApplication.with(Settled.class)
                .run(context -> assertThat(output)
                        .containsOnlyOnce("Settled#lines(): a call ends when it returns its Stream")
                        .containsOnlyOnce("hold a permit while the Stream is consumed, with RateLimiterRegistry.hold"));
    }

    @Test
    void otherMethodsAreNotWarnedOf(CapturedOutput output) {
        LimitedApplication.with(Fine.class).run(context -> {
            assertThat(context).hasNotFailed();
            assertThat(output).doesNotContain("is consumed");
        });
    }

    /** Each method is named for the type that the warning names. */
    static class Leased {

        @RateLimited("single")
        public Future<String> Future0() {
            return null;
        }

        @RateLimited("single")
        @RateLimited("ten")
        public Stream<String> Stream0() {
            return null;
        }

        @RateLimited("single")
        public IntStream IntStream0() {
            return null;
        }

        @RateLimited("single")
        public Iterator<String> Iterator0() {
            return null;
        }

        @RateLimited("single")
        public Iterable<String> Iterable0() {
            return null;
        }

        @RateLimited("single")
        public Supplier<String> Supplier0() {
            return null;
        }

        @RateLimited("single")
        public InputStream InputStream0() {
            return null;
        }

        @RateLimited("single")
        public Sequence<String> Sequence0() {
            return null;
        }

        @RateLimited("single")
        public ResponseEntity<Resource> Resource0() {
            return null;
        }

        @RateLimited("single")
        public ResponseEntity<Flux<String>> Flux0() {
            return null;
        }

        @RateLimited("single")
        public Mono<ResponseEntity<Flux<String>>> Flux0InAMono() {
            return null;
        }

        @RateLimited("single")
        public CompletableFuture<Stream<String>> Stream0InAFuture() {
            return null;
        }

        @RateLimited("single")
        public CompletableFuture<ResponseEntity<StreamingResponseBody>> StreamingResponseBody0() {
            return null;
        }

        @RateLimited("single")
        public Optional<Stream<String>> Stream0InAnOptional() {
            return null;
        }

        @RateLimited(limitExpression = "#root.args.length > 0 ? 'single' : 'ten'")
        public Stream<String> Stream0OfALimitChosenPerCall() {
            return null;
        }
    }

    static class Settled {

        @RateLimited(limit = "ten", refundOn = IllegalStateException.class)
        public Stream<String> lines() {
            return Stream.empty();
        }
    }

    static class Fine {

        @RateLimited("ten")
        public Stream<String> onlyRates() {
            return null;
        }

        @RateLimited("single")
        public List<String> list() {
            return Arrays.asList("a");
        }

        @RateLimited("single")
        public Optional<String> optional() {
            return Optional.empty();
        }

        @RateLimited("single")
        public ResponseEntity<String> entity() {
            return null;
        }

        @RateLimited("single")
        public Mono<ResponseEntity<String>> mono() {
            return null;
        }

        @RateLimited("single")
        public Flux<String> flux() {
            return null;
        }

        @RateLimited("single")
        public CompletableFuture<String> future() {
            return null;
        }

        @RateLimited("single")
        public Callable<String> callable() {
            return null;
        }

        @RateLimited("single")
        public DeferredResult<String> deferred() {
            return null;
        }

        @RateLimited("single")
        public ResponseEntity<SseEmitter> emitter() {
            return null;
        }

        @RateLimited("single")
        public Object object() {
            return null;
        }

        @RateLimited("single")
        public void nothing() {}
    }
}
