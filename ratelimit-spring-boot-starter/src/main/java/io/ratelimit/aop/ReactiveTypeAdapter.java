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
record ReactiveTypeAdapter(ReactiveAdapter adapter) implements ReturnTypeAdapter {

    /** {@return what serves a type that Spring adapts: a {@code Mono}, a {@code Flux}} */
    static ReactiveTypeAdapter of(Class<?> type) {
        ReactiveAdapter adapter = ReactiveAdapterRegistry.getSharedInstance().getAdapter(type);
        Assert.state(adapter != null, () -> "Nothing adapts " + type);
        return new ReactiveTypeAdapter(adapter);
    }

    /**
     * Finds what serves the type that a method returns.
     *
     * @return null for a type that nobody subscribes to
     * @throws InvalidRateLimitedException if a refusal cannot be one of these
     */
    static @Nullable ReactiveTypeAdapter find(AnnotationAttribute origin, Class<?> type) {
        if (Publisher.class.isAssignableFrom(type) && type.isAssignableFrom(Flux.class)) {
            return of(Flux.class);
        }
        ReactiveAdapter adapter = ReactiveAdapterRegistry.getSharedInstance().getAdapter(type);
        if (adapter == null || !adapter.getDescriptor().isDeferred()) {
            return null;
        }
        if (type != adapter.getReactiveType()) {
            throw origin.invalid("a refusal cannot be the error signal of a " + type.getName(), "return Mono or Flux");
        }
        return new ReactiveTypeAdapter(adapter);
    }

    @Override
    public Object invoke(RateLimitedInvocation call) {
        return adapter.fromPublisher(
                adapter.isMultiValue()
                        ? decided(call).flatMapMany(decided -> publisher(call, decided))
                        : decided(call).flatMap(decided -> Mono.from(publisher(call, decided))));
    }

    /**
     * Decides a call anew for each subscriber; what one was promised, or granted, who is gone before it runs is given back. A
     * cancellation that meets the subscription to what the method returned may not reach it, but it comes by here.
     */
    private static Mono<DecidedInvocation> decided(RateLimitedInvocation call) {
        return Mono.defer(() -> {
            CompletableFuture<DecidedInvocation> decision = call.again().decideAsync();
            AtomicBoolean taken = new AtomicBoolean();
            return Mono.fromFuture(decision)
                    .doOnCancel(() -> {
                        boolean before = taken.compareAndSet(false, true);
                        decision.thenAccept(before ? DecidedInvocation::dropped : DecidedInvocation::abandoned);
                    })
                    .filter(decided -> taken.compareAndSet(false, true));
        });
    }

    /** Runs what was decided; the one place that sees how it ends. */
    private Publisher<?> publisher(RateLimitedInvocation call, DecidedInvocation decided) {
        try {
            Object returned = call.returned(decided.run());
            Publisher<?> begun = returned instanceof Publisher<?> publisher ? publisher : adapter.toPublisher(returned);
            return decided.isFollowed() ? followed(begun, decided) : begun;
        } catch (Throwable ex) {
            decided.failed(ex);
            return Mono.error(ex);
        }
    }

    private Publisher<?> followed(Publisher<?> begun, DecidedInvocation decided) {
        return adapter.isMultiValue()
                ? Flux.from(begun)
                        .doOnComplete(() -> decided.succeeded(null))
                        .doOnError(decided::failed)
                        .doOnCancel(decided::abandoned)
                : Mono.from(begun)
                        .doOnSuccess(decided::succeeded)
                        .doOnError(decided::failed)
                        .doOnCancel(decided::abandoned);
    }
}
