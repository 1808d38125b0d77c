package io.ratelimit.aop;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.ForkJoinPool;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Continues a call whose answer comes late on the executor of the application instead of on the thread of the store,
 * with the context of the caller.
 */
record ContinuationDispatcher(Supplier<ContinuationSettings> settings, ThreadContextPropagator context) {

    /**
     * Dispatches the continuation of an answer. The returned future fails if the executor rejects the task, for
     * instance with a {@link java.util.concurrent.RejectedExecutionException}, or if the decorated task throws.
     *
     * @param next converts the answer to the result
     * @param dropped receives a result that comes after the future is done, or whose task the executor rejected
     * @return a future that is done if the answer is available already or cannot be dispatched, and otherwise completed
     *     on the executor; cancelling it cancels the answer
     */
    <T, R> CompletableFuture<R> dispatch(CompletableFuture<T> answer, Function<T, R> next, Consumer<R> dropped) {
        if (answer.isDone()) {
            return answer.thenApply(next);
        }
        CompletableFuture<R> taken = new CompletableFuture<>();
        taken.whenComplete((value, failure) -> answer.cancel(true));
        Consumer<Throwable> fail = failure -> {
            taken.completeExceptionally(failure);
            if (taken.isCompletedExceptionally()) {
                answer.thenApply(next).thenAccept(dropped);
            }
        };
        try {
            Executor executor = settings.get().executor();
            Runnable task =
                    context.decorate(settings.get().decorator().decorate(() -> pass(answer, next, dropped, taken)));
            Runnable failing = () -> {
                try {
                    task.run();
                } catch (Throwable ex) {
                    fail.accept(ex);
                    throw ex;
                }
            };
            answer.whenComplete((value, failure) -> {
                try {
                    executor.execute(failing);
                } catch (Throwable ex) {
                    elsewhere(() -> fail.accept(ex));
                }
            });
        } catch (Throwable ex) {
            fail.accept(ex);
        }
        return taken;
    }

    /** Runs a task on the common pool, or on the thread of the store if there is no memory or thread for that. */
    private static void elsewhere(Runnable task) {
        try {
            ForkJoinPool.commonPool().execute(task);
        } catch (Throwable ex) {
            task.run();
        }
    }

    private static <T, R> void pass(
            CompletableFuture<T> answer, Function<T, R> next, Consumer<R> dropped, CompletableFuture<R> taken) {
        answer.whenComplete((value, failure) -> {
            if (failure != null) {
                taken.completeExceptionally(failure);
                return;
            }
            R result = next.apply(value);
            if (!taken.complete(result)) {
                dropped.accept(result);
            }
        });
    }
}
