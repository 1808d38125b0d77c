package io.ratelimit.aop;

import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.Scannable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;
import reactor.util.context.Context;

/**
 * Follows the publisher of an admitted call and reports its outcome: a value or an end before the subscriber gets it,
 * and a cancellation after the publisher was cancelled. Loaded only if Reactor is on the class path.
 */
final class FollowedSubscriber<T> implements CoreSubscriber<T>, Subscription, Scannable {

    private final CoreSubscriber<? super T> actual;
    private final DecidedInvocation decided;
    private final boolean single;
    private final AtomicBoolean ended = new AtomicBoolean();
    private Subscription upstream = Operators.emptySubscription();
    private boolean subscribed;
    private boolean done;

    private FollowedSubscriber(CoreSubscriber<? super T> actual, DecidedInvocation decided, boolean single) {
        this.actual = actual;
        this.decided = decided;
        this.single = single;
    }

    /** {@return a mono whose outcome is reported, for one subscriber} */
    static <T> Mono<T> follow(Mono<T> source, DecidedInvocation decided) {
        return source.transform(
                Operators.<T, T>lift((scannable, actual) -> new FollowedSubscriber<>(actual, decided, true)));
    }

    /** {@return a flux whose outcome is reported, for one subscriber} */
    static <T> Flux<T> follow(Publisher<T> source, DecidedInvocation decided) {
        return Flux.from(source)
                .transform(
                        Operators.<T, T>lift((scannable, actual) -> new FollowedSubscriber<>(actual, decided, false)));
    }

    @Override
    public Context currentContext() {
        return actual.currentContext();
    }

    @Override
    public void onSubscribe(Subscription subscription) {
        if (Operators.validate(subscribed ? upstream : null, subscription)) {
            subscribed = true;
            upstream = subscription;
            actual.onSubscribe(this);
        }
    }

    @Override
    public void onNext(T value) {
        if (done) {
            Operators.onNextDropped(value, currentContext());
            return;
        }
        try {
            if (single) {
                succeeded(value);
            }
        } catch (Throwable ex) {
            done = true;
            actual.onError(Operators.onOperatorError(upstream, ex, value, currentContext()));
            return;
        }
        actual.onNext(value);
    }

    @Override
    public void onComplete() {
        if (done) {
            return;
        }
        done = true;
        try {
            succeeded(null);
        } catch (Throwable ex) {
            actual.onError(Operators.onOperatorError(ex, currentContext()));
            return;
        }
        actual.onComplete();
    }

    @Override
    public void onError(Throwable failure) {
        if (done) {
            Operators.onErrorDropped(failure, currentContext());
            return;
        }
        done = true;
        try {
            if (ended.compareAndSet(false, true)) {
                decided.failed(failure);
            } else {
                decided.abandoned();
            }
        } catch (Throwable ex) {
            actual.onError(Operators.onOperatorError(null, ex, failure, currentContext()));
            return;
        }
        actual.onError(failure);
    }

    @Override
    public void request(long count) {
        upstream.request(count);
    }

    @Override
    public void cancel() {
        boolean first = ended.compareAndSet(false, true);
        try {
            upstream.cancel();
        } finally {
            if (first) {
                decided.abandoned();
            }
        }
    }

    /** Reports the success, or, while a cancellation is under way, that nothing runs any more. */
    private void succeeded(@Nullable T value) {
        if (ended.compareAndSet(false, true)) {
            decided.succeeded(value);
        } else {
            decided.abandoned();
        }
    }

    @Override
    @SuppressWarnings("rawtypes")
    public @Nullable Object scanUnsafe(Attr key) {
        if (key == Attr.PARENT) {
            return upstream;
        }
        if (key == Attr.ACTUAL) {
            return actual;
        }
        if (key == Attr.TERMINATED) {
            return done;
        }
        return key == Attr.RUN_STYLE ? Attr.RunStyle.SYNC : null;
    }
}
