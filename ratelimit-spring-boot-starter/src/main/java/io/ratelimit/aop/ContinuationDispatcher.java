package io.ratelimit.aop;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.ForkJoinPool;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;

/** Takes what follows on a late answer from the store's thread to the application's executor, with the caller's context. */
record ContinuationDispatcher(Supplier<ContinuationSettings> settings, ThreadContextPropagator context) {

    /**
     * Takes an answer over. It fails with whatever keeps the executor from taking it, a {@link
     * java.util.concurrent.RejectedExecutionException} for one, and with what the decorated task throws before it gets there.
     *
     * @param next what becomes of the answer
     * @param dropped hears of what became of an answer that nobody waits for any more when it comes, or that the executor did
     *     not take
     * @return done if the answer is there already, or there is no task to hand over, else it comes on the executor; cancelling
     *     it cancels the answer
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

    /** On the store's thread only if there is no other, for want of memory or threads. */
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
