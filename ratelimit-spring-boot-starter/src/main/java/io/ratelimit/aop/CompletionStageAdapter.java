package io.ratelimit.aop;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * Adapts methods that return a {@link CompletionStage}. A call is decided when the method is called. Every failure is a
 * failed stage, also an exception that the method throws.
 *
 * <p>An ordinary thread blocks while the store is asked, but not while the call waits for tokens. An event loop never
 * blocks. If the decision comes later, the caller gets a stage that completes after the method has run.
 */
final class CompletionStageAdapter implements ReturnTypeAdapter {

    private static final Log LOG = LogFactory.getLog(CompletionStageAdapter.class);

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
            return decided.isFollowed() ? new LimitedFuture(pending).following(begun, decided) : begun;
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
                result.following(begin(call, decided), decided);
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

    private static Throwable cause(Throwable failure) {
        return failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
    }

    /**
     * The stage that the caller gets. If the caller completes or cancels it, for instance by a timeout, a reserved
     * grant is refunded. If the method runs already, its stage is cancelled first; then its leases are released, and
     * then dependent stages run.
     */
    private static final class LimitedFuture extends CompletableFuture<@Nullable Object> {

        private volatile @Nullable RunningCall running;

        LimitedFuture(CompletableFuture<DecidedInvocation> pending) {
            whenComplete((value, failure) -> pending.cancel(true));
        }

        LimitedFuture following(CompletionStage<?> begun, DecidedInvocation decided) {
            RunningCall call = new RunningCall(begun, decided, new AtomicBoolean());
            running = call;
            begun.whenComplete((value, failure) -> {
                if (call.ends()) {
                    try {
                        call.report(value, failure);
                    } finally {
                        pass(value, failure);
                    }
                }
            });
            whenComplete((value, failure) -> call.cancel());
            return this;
        }

        @Override
        public boolean complete(@Nullable Object value) {
            giveUp();
            return super.complete(value);
        }

        @Override
        public boolean completeExceptionally(Throwable failure) {
            giveUp();
            return super.completeExceptionally(failure);
        }

        @Override
        public boolean cancel(boolean mayInterruptIfRunning) {
            giveUp();
            return super.cancel(mayInterruptIfRunning);
        }

        private void pass(@Nullable Object value, @Nullable Throwable failure) {
            if (failure == null) {
                super.complete(value);
            } else {
                super.completeExceptionally(cause(failure));
            }
        }

        private void giveUp() {
            RunningCall call = running;
            if (call != null) {
                call.cancel();
            }
        }
    }

    /**
     * A method whose stage was begun.
     *
     * @param ended whether the stage has completed or was given up, whichever came first
     */
    private record RunningCall(CompletionStage<?> begun, DecidedInvocation decided, AtomicBoolean ended) {

        boolean ends() {
            return ended.compareAndSet(false, true);
        }

        void report(@Nullable Object value, @Nullable Throwable failure) {
            if (failure == null) {
                decided.succeeded(value);
            } else {
                decided.failed(cause(failure));
            }
        }

        /**
         * Cancels the stage, and then releases the leases. The outcome is reported when the stage is complete: at once
         * if it can be cancelled.
         */
        void cancel() {
            if (!ends()) {
                return;
            }
            try {
                if (begun instanceof Future<?> future) {
                    future.cancel(true);
                }
            } catch (Throwable ex) {
                LOG.debug("A stage of a limited method cannot be cancelled", ex);
            } finally {
                try {
                    begun.whenComplete(this::report);
                } finally {
                    decided.abandoned();
                }
            }
        }
    }
}
