package io.ratelimit.aop;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;

/** Takes what follows on a late answer from the store's thread to the application's executor, with the caller's context. */
record Handover(Supplier<ContinuationSettings> settings, CallerContext context) {

    /**
     * Takes an answer over. It fails with a {@link RejectedExecutionException} if the executor does not take it.
     *
     * @param next what becomes of the answer
     * @param dropped hears of what became of an answer that nobody waits for any more when it comes, or that the executor did
     *     not take
     * @return done if the answer is there already, else it comes on the executor; cancelling it cancels the answer
     */
    <T, R> CompletableFuture<R> of(CompletableFuture<T> answer, Function<T, R> next, Consumer<R> dropped) {
        if (answer.isDone()) {
            return answer.thenApply(next);
        }
        CompletableFuture<R> taken = new CompletableFuture<>();
        Executor executor = settings.get().executor();
        Runnable task = context.decorate(settings.get().decorator().decorate(() -> pass(answer, next, dropped, taken)));
        answer.whenComplete((value, failure) -> {
            try {
                executor.execute(task);
            } catch (RejectedExecutionException ex) {
                ForkJoinPool.commonPool().execute(() -> {
                    taken.completeExceptionally(ex);
                    pass(answer, next, dropped, taken);
                });
            }
        });
        taken.whenComplete((value, failure) -> answer.cancel(true));
        return taken;
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
