package io.ratelimit.aop;

import static io.ratelimit.aop.Scenario.isFree;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.ratelimit.RateLimitExceededException;
import io.ratelimit.annotation.RateLimited;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.mock.web.MockHttpServletRequest;
import org.springframework.web.context.request.RequestAttributes;
import org.springframework.web.context.request.RequestAttributesThreadLocalAccessor;
import org.springframework.web.context.request.RequestContextHolder;
import org.springframework.web.context.request.ServletRequestAttributes;
import org.springframework.web.context.request.ServletWebRequest;
import org.springframework.web.context.request.async.DeferredResult;

/** Methods that return a {@link Callable}, and are not called in a request. */
@Timeout(60)
@ExtendWith(OutputCaptureExtension.class)
class CallableOutsideOfRequestTests {

    private final ApplicationContextRunner runner = LimitedApplication.with(Service.class);

    @Test
    void aLeaseIsHeldUntilTheCallableHasRun() {
        run((service, registry) -> {
            for (int call = 0; call < 3; call++) {
                CompletableFuture<Boolean> freeWithin = new CompletableFuture<>();
                Callable<String> task = service.callable(() -> {
                    freeWithin.complete(isFree(registry));
                    return "done";
                });
                assertThat(isFree(registry)).isFalse();
                assertThatThrownBy(() -> service.callable(() -> "other"))
                        .isInstanceOf(RateLimitExceededException.class);
                assertThat(task.call()).isEqualTo("done");
                assertThat(freeWithin).isCompletedWithValue(false);
                assertThat(isFree(registry)).isTrue();
                assertThat(task.call()).isEqualTo("done");
                assertThat(isFree(registry)).isTrue();
            }
        });
    }

    @Test
    void aLeaseIsHeldUntilTheCallableHasFailed() {
        run((service, registry) -> {
            Callable<String> task = service.callable(() -> {
                throw new IllegalStateException("on purpose");
            });
            assertThat(isFree(registry)).isFalse();
            assertThatThrownBy(task::call).hasMessage("on purpose");
            assertThat(isFree(registry)).isTrue();
        });
    }

    @Test
    void aLeaseIsReleasedIfNobodyCanRunTheCallableAnyMore() {
        run((service, registry) -> {
            service.callable(() -> "never");
            await().until(() -> {
                System.gc();
                return isFree(registry);
            });
        });
    }

    @Test
    void aCallIsWarnedOfOncePerMethod(CapturedOutput output) {
        run((service, registry) -> {
            service.callable(() -> "first").call();
            service.callable(() -> "second").call();
            assertThat(output)
                    .containsOnlyOnce(
                            "A call of " + Service.class.getName() + "#callable(Callable) outside of a request"
                                    + " that Spring MVC completes ends when its Callable has run");
            assertThat(output).doesNotContain("#deferred()");
            service.deferred();
            service.deferred();
            assertThat(output)
                    .containsOnlyOnce(
                            "#deferred() outside of a request that Spring MVC completes ends when it returns");
            assertThat(isFree(registry)).isTrue();
        });
    }

    @Test
    void aCallWithoutALeaseIsNotWarnedOf(CapturedOutput output) {
        run((service, registry) -> {
            Callable<String> task = () -> "done";
            assertThat(service.counted(task)).isSameAs(task);
            assertThat(output).doesNotContain("outside of a request");
        });
    }

    @ParameterizedTest
    @MethodSource("attributesThatNoDispatchCompletes")
    void aRequestThatNoDispatchWillCompleteIsNone(ServletRequestAttributes attributes) {
        run((service, registry) -> {
            RequestContextHolder.setRequestAttributes(attributes);
            try {
                service.deferred();
                assertThat(isFree(registry)).isTrue();
                Callable<String> task = service.callable(() -> "done");
                assertThat(isFree(registry)).isFalse();
                task.call();
                assertThat(isFree(registry)).isTrue();
            } finally {
                RequestContextHolder.resetRequestAttributes();
            }
        });
    }

    /** Returns those that are complete, those that context propagation binds, and those of Spring's tests. */
    static Stream<ServletRequestAttributes> attributesThatNoDispatchCompletes() {
        RequestContextHolder.setRequestAttributes(new ServletRequestAttributes(new MockHttpServletRequest()));
        RequestAttributes snapshot = new RequestAttributesThreadLocalAccessor().getValue();
        RequestContextHolder.resetRequestAttributes();
        ServletRequestAttributes completed = new ServletRequestAttributes(new MockHttpServletRequest());
        completed.requestCompleted();
        return Stream.of(
                completed, (ServletRequestAttributes) snapshot, new ServletWebRequest(new MockHttpServletRequest()));
    }

    @Test
    void aCallableIsSettledWithItsValue() {
        run((service, registry) -> {
            Callable<Integer> task = service.settled(3);
            assertThat(registry.get("ten").peek("key").remaining()).isEqualTo(2);
            assertThat(task.call()).isEqualTo(3);
            assertThat(registry.get("ten").peek("key").remaining()).isEqualTo(7);
        });
    }

    private void run(Scenario<Service> scenario) {
        scenario.runIn(runner, Service.class);
    }

    static class Service {

        @RateLimited("single")
        public Callable<String> callable(Callable<String> task) {
            return task;
        }

        @RateLimited("single")
        public DeferredResult<String> deferred() {
            return new DeferredResult<>();
        }

        @RateLimited("ten")
        public Callable<String> counted(Callable<String> task) {
            return task;
        }

        @RateLimited(limit = "ten", key = "'key'", cost = 8, settle = "#result")
        public Callable<Integer> settled(int used) {
            return () -> used;
        }
    }
}
