package io.ratelimit.aop;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/**
 * Adapts methods that return a {@link CompletionStage}. A call is decided when the method is called. Every failure is a
 * failed stage, also an exception that the method throws.
 *
 * <p>An ordinary thread blocks while the store is asked, but not while the call waits for tokens. An event loop never
 * blocks. If the decision comes later, the caller gets a stage that completes after the method has run.
 */
final class CompletionStageAdapter implements ReturnTypeAdapter {

    static final ReturnTypeAdapter INSTANCE = new CompletionStageAdapter();

    private CompletionStageAdapter() {}

    @Override
    public CompletionStage<?> invoke(RateLimitedInvocation call) {
        try {
            CompletableFuture<DecidedInvocation> pending =
                    EventLoopDetector.isCurrent() ? call.decideAsync() : call.decideThenWait();
            if (!pending.isDone()) {
                return begunLater(call, pending);
            }
            DecidedInvocation decided = pending.join();
            CompletionStage<?> begun = begin(call, decided);
            return decided.isFollowed() ? followed(begun, decided, new LimitedFuture(pending)) : begun;
        } catch (Throwable ex) {
            return CompletableFuture.failedFuture(cause(ex));
        }
    }

    private static CompletionStage<?> begunLater(
            RateLimitedInvocation call, CompletableFuture<DecidedInvocation> pending) {
        LimitedFuture result = new LimitedFuture(pending);
        pending.whenComplete((decided, failure) -> {
            if (failure != null) {
                result.completeExceptionally(cause(failure));
            } else if (result.isDone()) {
                decided.dropped();
            } else {
                followed(begin(call, decided), decided, result);
            }
        });
        return result;
    }

    /** Runs the method or its fallback. */
    private static CompletionStage<?> begin(RateLimitedInvocation call, DecidedInvocation decided) {
        try {
            return (CompletionStage<?>) call.returned(decided.run());
        } catch (Throwable ex) {
            return CompletableFuture.failedFuture(ex);
        }
    }

    /**
     * Reports the outcome of the method. If the caller completes or cancels its stage first, for instance by a timeout,
     * the stage of the method is cancelled.
     */
    private static CompletionStage<?> followed(
            CompletionStage<?> begun, DecidedInvocation decided, LimitedFuture result) {
        begun.whenComplete((value, failure) -> {
            if (failure == null) {
                try {
                    decided.succeeded(value);
                } finally {
                    result.complete(value);
                }
            } else {
                try {
                    decided.failed(cause(failure));
                } finally {
                    result.completeExceptionally(cause(failure));
                }
            }
        });
        result.whenComplete((value, failure) -> {
            decided.abandoned();
            if (begun instanceof Future<?> running) {
                running.cancel(true);
            }
        });
        return result;
    }

    private static Throwable cause(Throwable failure) {
        return failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
    }

    /**
     * The stage that the caller gets. If the caller completes or cancels it, a reserved grant is refunded, and leases
     * are released before dependent stages run.
     */
    private static final class LimitedFuture extends CompletableFuture<@Nullable Object> {

        private final CompletableFuture<DecidedInvocation> pending;

        LimitedFuture(CompletableFuture<DecidedInvocation> pending) {
            this.pending = pending;
            whenComplete((value, failure) -> pending.cancel(true));
        }

        @Override
        public boolean complete(@Nullable Object value) {
            end();
            return super.complete(value);
        }

        @Override
        public boolean completeExceptionally(Throwable failure) {
            end();
            return super.completeExceptionally(failure);
        }

        @Override
        public boolean cancel(boolean mayInterruptIfRunning) {
            end();
            return super.cancel(mayInterruptIfRunning);
        }

        private void end() {
            if (!isDone() && pending.isDone()) {
                pending.thenAccept(DecidedInvocation::abandoned);
            }
        }
    }
}
