package io.ratelimit.aop;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import org.springframework.aop.ProxyMethodInvocation;
import org.springframework.core.ReactiveAdapter;
import org.springframework.core.ReactiveAdapterRegistry;
import org.springframework.util.Assert;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Adapts methods that return a {@link Mono}, a {@link Flux}, or a type that Spring can convert from one. A call is
 * decided on each subscription, without blocking. A rejection is an error signal. Loaded only if Reactor is on the
 * class path.
 */
record ReactiveTypeAdapter(ReactiveAdapter adapter) implements ReturnTypeAdapter {

    /** {@return the adapter of a type that Spring can convert, such as {@code Mono} or {@code Flux}} */
    static ReactiveTypeAdapter of(Class<?> type) {
        ReactiveAdapter adapter = ReactiveAdapterRegistry.getSharedInstance().getAdapter(type);
        Assert.state(adapter != null, () -> "Nothing adapts " + type);
        return new ReactiveTypeAdapter(adapter);
    }

    /**
     * Finds the adapter for a return type.
     *
     * @return null for a type without subscribers
     * @throws InvalidRateLimitedException if the type cannot carry the error signal of a rejection
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
            throw origin.invalid(
                    "a rejection cannot be the error signal of a " + type.getName(), "return Mono or Flux");
        }
        return new ReactiveTypeAdapter(adapter);
    }

    /** {@return whether the subscribers of a type make its publisher begin} */
    static boolean isDeferred(Class<?> type) {
        ReactiveAdapter adapter = ReactiveAdapterRegistry.getSharedInstance().getAdapter(type);
        return adapter != null && adapter.getDescriptor().isDeferred();
    }

    /** {@return a publisher that runs the advice behind an invocation, and the method, for each subscriber} */
    Object forEachSubscriber(ProxyMethodInvocation invocation) {
        return adapter.fromPublisher(
                adapter.isMultiValue()
                        ? Flux.defer(() -> proceed(invocation))
                        : Mono.defer(() -> Mono.from(proceed(invocation))));
    }

    private Publisher<?> proceed(ProxyMethodInvocation invocation) {
        try {
            Object returned = invocation.invocableClone().proceed();
            return returned instanceof Publisher<?> publisher ? publisher : adapter.toPublisher(returned);
        } catch (Throwable ex) {
            return Mono.error(ex);
        }
    }

    /**
     * Uses {@code flatMapMany} for a {@code Mono} too: {@code Mono.flatMap} of Reactor 3.8 loses a cancellation that
     * comes while it subscribes to the inner publisher, and the call would go on and keep its lease.
     */
    @Override
    public Object invoke(RateLimitedInvocation call) {
        Flux<?> result = decided(call).flatMapMany(decided -> publisher(call, decided));
        return adapter.fromPublisher(adapter.isMultiValue() ? result : Mono.fromDirect(result));
    }

    /**
     * Decides for each subscriber. A reservation or grant is refunded if the subscriber cancels before the method runs.
     * A later cancellation reaches the publisher of the method, at the latest when it is subscribed to.
     */
    private static Mono<DecidedInvocation> decided(RateLimitedInvocation call) {
        return Mono.defer(() -> {
            CompletableFuture<DecidedInvocation> decision = call.again().decideAsync();
            AtomicBoolean taken = new AtomicBoolean();
            return Mono.fromFuture(decision)
                    .doOnCancel(() -> {
                        if (taken.compareAndSet(false, true)) {
                            decision.thenAccept(DecidedInvocation::dropped);
                        }
                    })
                    .filter(decided -> taken.compareAndSet(false, true));
        });
    }

    /** Runs the method or its fallback, and reports the outcome of the publisher. */
    private Publisher<?> publisher(RateLimitedInvocation call, DecidedInvocation decided) {
        try {
            Object returned = call.returned(decided.run());
            Publisher<?> begun = returned instanceof Publisher<?> publisher ? publisher : adapter.toPublisher(returned);
            if (adapter.isMultiValue()) {
                return decided.isFollowed() ? FollowedSubscriber.follow(begun, decided) : begun;
            }
            Mono<?> single = Mono.from(begun);
            return decided.isFollowed() ? FollowedSubscriber.follow(single, decided) : single;
        } catch (Throwable ex) {
            decided.failed(ex);
            return Mono.error(ex);
        }
    }
}
