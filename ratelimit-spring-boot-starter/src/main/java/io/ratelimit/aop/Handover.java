package io.ratelimit.aop;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Supplier;

/** Takes what follows on a late answer from the store's thread to the application's executor, with the caller's context. */
record Handover(Supplier<ContinuationSettings> settings, CallerContext context) {

    /**
     * Takes an answer over. It fails with a {@link RejectedExecutionException} if the executor does not take it.
     *
     * @return the answer itself if it is there already, else one that comes on the executor
     */
    <T> CompletableFuture<T> of(CompletionStage<T> answer) {
        CompletableFuture<T> store = answer.toCompletableFuture();
        if (store.isDone()) {
            return store;
        }
        CompletableFuture<T> taken = new CompletableFuture<>();
        Executor executor = settings.get().executor();
        Runnable task = context.decorate(settings.get().decorator().decorate(() -> pass(store, taken)));
        store.whenComplete((value, failure) -> {
            try {
                executor.execute(task);
            } catch (RejectedExecutionException ex) {
                ForkJoinPool.commonPool().execute(() -> taken.completeExceptionally(ex));
            }
        });
        return taken;
    }

    private static <T> void pass(CompletableFuture<T> from, CompletableFuture<T> to) {
        from.whenComplete((value, failure) -> {
            if (failure == null) {
                to.complete(value);
            } else {
                to.completeExceptionally(failure);
            }
        });
    }
}
