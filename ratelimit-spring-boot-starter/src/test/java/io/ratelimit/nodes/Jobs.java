package io.ratelimit.nodes;

import io.ratelimit.annotation.RateLimited;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import reactor.core.publisher.Mono;

/** Work that is limited, and ends in every way. */
class Jobs {

    private static final Duration WORK = Duration.ofMillis(1);

    @RateLimited("jobs")
    public String returns(Run run) throws InterruptedException {
        run.begin();
        TimeUnit.NANOSECONDS.sleep(WORK.toNanos());
        run.end();
        return "done";
    }

    @RateLimited("jobs")
    public void fails(Run run) {
        run.begin();
        run.end();
        throw new IllegalStateException("broken");
    }

    @RateLimited("jobs")
    public void sleeps(Run run) throws InterruptedException {
        run.begin();
        try {
            TimeUnit.MINUTES.sleep(1);
        } finally {
            run.end();
        }
    }

    @RateLimited("jobs")
    public CompletableFuture<String> neverCompletes(Run run) {
        run.begin();
        return new CompletableFuture<>();
    }

    @RateLimited("jobs")
    public CompletableFuture<String> timesOut(Run run) {
        run.begin();
        CompletableFuture<String> late = new CompletableFuture<>();
        return late.orTimeout(WORK.toNanos(), TimeUnit.NANOSECONDS).exceptionallyCompose(failure -> {
            run.end();
            return CompletableFuture.failedFuture(failure);
        });
    }

    @RateLimited("jobs")
    public Mono<String> empty(Run run) {
        return Mono.defer(() -> {
            run.begin();
            return Mono.delay(WORK).doOnNext(tick -> run.end()).then(Mono.<String>empty());
        });
    }

    @RateLimited("jobs")
    public Mono<String> never(Run run) {
        return Mono.defer(() -> {
            run.begin();
            return Mono.never();
        });
    }
}
