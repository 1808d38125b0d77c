package io.ratelimit;

import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.Future;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** An asynchronous task that starts when a decision admits it. */
final class GuardedCall<T extends @Nullable Object> {

    private final Supplier<? extends CompletionStage<T>> task;
    private final DecisionEngine engine;
    private final CompletableFuture<T> result = new CompletableFuture<>();

    private GuardedCall(Supplier<? extends CompletionStage<T>> task, DecisionEngine engine) {
        this.task = task;
        this.engine = engine;
    }

    /** Runs a task on this thread if the decision admits it, and releases its leases afterwards. */
    static <T extends @Nullable Object> T run(Decision decision, Callable<T> task, DecisionEngine engine)
            throws Exception {
        decision.orThrow();
        try {
            return task.call();
        } finally {
            engine.release(decision);
        }
    }

    /**
     * Starts a task on this thread if the decision is already available, otherwise in the common pool. Cancelling the
     * result cancels the wait or the task, whichever is pending.
     */
    static <T extends @Nullable Object> CompletableFuture<T> start(
            CompletableFuture<Decision> decision, Supplier<? extends CompletionStage<T>> task, DecisionEngine engine) {
        GuardedCall<T> call = new GuardedCall<>(task, engine);
        call.result.whenComplete((value, failure) -> decision.cancel(true));
        if (decision.isDone()) {
            decision.whenComplete(call::decided);
        } else {
            decision.whenCompleteAsync(call::decided, ForkJoinPool.commonPool());
        }
        return call.result;
    }

    /**
     * Returns a permit when the decision admits it. If the caller has cancelled it by then, the decision is refunded.
     */
    static CompletableFuture<Permit> permit(CompletableFuture<Decision> decision, DecisionEngine engine) {
        CompletableFuture<Permit> permit = new CompletableFuture<>();
        permit.whenComplete((held, failure) -> decision.cancel(true));
        decision.whenComplete((decided, failure) -> {
            if (failure != null) {
                permit.completeExceptionally(failure);
            } else if (!decided.admitted()) {
                permit.completeExceptionally(new RateLimitExceededException(decided));
            } else if (!permit.complete(new Permit(engine, decided))) {
                engine.drop(decided);
            }
        });
        return permit;
    }

    private void decided(@Nullable Decision decision, @Nullable Throwable failure) {
        if (decision == null) {
            result.completeExceptionally(failure == null ? new IllegalStateException("No decision") : failure);
        } else if (result.isDone()) {
            engine.drop(decision);
        } else {
            try {
                decision.orThrow();
                started(task.get(), decision);
            } catch (Throwable ex) {
                engine.release(decision);
                result.completeExceptionally(ex);
            }
        }
    }

    /** Releases the leases before the caller sees the result, or after the task was cancelled and saw that. */
    private void started(CompletionStage<T> stage, Decision decision) {
        stage.whenComplete((value, failure) -> {
            if (result.isDone()) {
                return;
            }
            engine.release(decision);
            if (failure == null) {
                result.complete(value);
            } else {
                boolean wrapped = failure instanceof CompletionException && failure.getCause() != null;
                result.completeExceptionally(wrapped ? failure.getCause() : failure);
            }
        });
        result.whenComplete((value, failure) -> {
            try {
                if (stage instanceof Future<?> running) {
                    running.cancel(true);
                }
            } finally {
                engine.release(decision);
            }
        });
    }
}
