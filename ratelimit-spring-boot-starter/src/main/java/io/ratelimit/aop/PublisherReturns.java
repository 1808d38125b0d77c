package io.ratelimit.aop;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import org.springframework.core.ReactiveAdapter;
import org.springframework.core.ReactiveAdapterRegistry;
import org.springframework.util.Assert;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * A {@link Mono}, a {@link Flux}, or what Spring can make of one: decided on each subscription without blocking it, and a
 * refusal is an error signal. Loads only where Reactor is.
 */
record PublisherReturns(ReactiveAdapter adapter) implements Returns {

    /** {@return what serves a type that Spring adapts: a {@code Mono}, a {@code Flux}} */
    static PublisherReturns of(Class<?> type) {
        ReactiveAdapter adapter = ReactiveAdapterRegistry.getSharedInstance().getAdapter(type);
        Assert.state(adapter != null, () -> "Nothing adapts " + type);
        return new PublisherReturns(adapter);
    }

    /**
     * Finds what serves the type that a method returns.
     *
     * @return null for a type that nobody subscribes to
     * @throws InvalidRateLimitedException if a refusal cannot be one of these
     */
    static @Nullable PublisherReturns find(Site site, Class<?> type) {
        if (Publisher.class.isAssignableFrom(type) && type.isAssignableFrom(Flux.class)) {
            return of(Flux.class);
        }
        ReactiveAdapter adapter = ReactiveAdapterRegistry.getSharedInstance().getAdapter(type);
        if (adapter == null || !adapter.getDescriptor().isDeferred()) {
            return null;
        }
        if (type != adapter.getReactiveType()) {
            throw site.invalid("a refusal cannot be the error signal of a " + type.getName(), "return Mono or Flux");
        }
        return new PublisherReturns(adapter);
    }

    @Override
    public Object invoke(LimitedCall call) {
        return adapter.fromPublisher(
                adapter.isMultiValue()
                        ? outcome(call).flatMapMany(outcome -> publisher(call, outcome))
                        : outcome(call).flatMap(outcome -> Mono.from(publisher(call, outcome))));
    }

    /**
     * Decides a call anew for each subscriber; what one was promised, or granted, who is gone before it runs is given back. A
     * cancellation that meets the subscription to what the method returned may not reach it, but it comes by here.
     */
    private static Mono<Outcome> outcome(LimitedCall call) {
        return Mono.defer(() -> {
            CompletableFuture<Outcome> decision = call.again().decideAsync();
            AtomicBoolean taken = new AtomicBoolean();
            return Mono.fromFuture(decision)
                    .doOnCancel(() -> {
                        boolean before = taken.compareAndSet(false, true);
                        decision.thenAccept(before ? Outcome::dropped : Outcome::abandoned);
                    })
                    .filter(outcome -> taken.compareAndSet(false, true));
        });
    }

    /** Runs what was decided; the one place that sees how it ends. */
    private Publisher<?> publisher(LimitedCall call, Outcome outcome) {
        try {
            Object returned = call.returned(outcome.run());
            Publisher<?> begun = returned instanceof Publisher<?> publisher ? publisher : adapter.toPublisher(returned);
            return outcome.isFollowed() ? followed(begun, outcome) : begun;
        } catch (Throwable ex) {
            outcome.failed(ex);
            return Mono.error(ex);
        }
    }

    private Publisher<?> followed(Publisher<?> begun, Outcome outcome) {
        return adapter.isMultiValue()
                ? Flux.from(begun)
                        .doOnComplete(() -> outcome.succeeded(null))
                        .doOnError(outcome::failed)
                        .doOnCancel(outcome::abandoned)
                : Mono.from(begun)
                        .doOnSuccess(outcome::succeeded)
                        .doOnError(outcome::failed)
                        .doOnCancel(outcome::abandoned);
    }
}
