package io.ratelimit;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.Future;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Asynchronous work that begins when a decision admits it. */
final class GuardedCall<T extends @Nullable Object> {

    private final Supplier<? extends CompletionStage<T>> work;
    private final RateLimiterRegistry registry;
    private final CompletableFuture<T> result = new CompletableFuture<>();

    private GuardedCall(Supplier<? extends CompletionStage<T>> work, RateLimiterRegistry registry) {
        this.work = work;
        this.registry = registry;
    }

    /** Begins on this thread if the decision is there, else in the common pool; cancelling it cancels what it waits for. */
    static <T extends @Nullable Object> CompletableFuture<T> start(
            CompletableFuture<Decision> decision,
            Supplier<? extends CompletionStage<T>> work,
            RateLimiterRegistry registry) {
        GuardedCall<T> guarded = new GuardedCall<>(work, registry);
        guarded.result.whenComplete((value, failure) -> decision.cancel(true));
        if (decision.isDone()) {
            decision.whenComplete(guarded::decided);
        } else {
            decision.whenCompleteAsync(guarded::decided, ForkJoinPool.commonPool());
        }
        return guarded.result;
    }

    private void decided(@Nullable Decision decision, @Nullable Throwable failure) {
        if (decision == null) {
            result.completeExceptionally(failure == null ? new IllegalStateException("No decision") : failure);
        } else if (result.isDone()) {
            registry.drop(decision);
        } else {
            try {
                decision.orThrow();
                begun(work.get(), decision);
            } catch (Throwable ex) {
                registry.release(decision);
                result.completeExceptionally(ex);
            }
        }
    }

    /** What a caller holds when a decision admits it; nothing, if the caller is gone by then. */
    static CompletableFuture<Permit> permit(CompletableFuture<Decision> decision, RateLimiterRegistry registry) {
        CompletableFuture<Permit> held = new CompletableFuture<>();
        held.whenComplete((permit, failure) -> decision.cancel(true));
        decision.whenComplete((decided, failure) -> {
            if (failure != null) {
                held.completeExceptionally(failure);
            } else if (!decided.admitted()) {
                held.completeExceptionally(new RateLimitExceededException(decided));
            } else if (!held.complete(new Permit(registry, decided))) {
                registry.drop(decided);
            }
        });
        return held;
    }

    /** What the call holds is given back before its caller hears of the end, and after what runs for it is cancelled. */
    private void begun(CompletionStage<T> stage, Decision decision) {
        stage.whenComplete((value, failure) -> {
            registry.release(decision);
            if (failure == null) {
                result.complete(value);
            } else {
                boolean wrapped = failure instanceof CompletionException && failure.getCause() != null;
                result.completeExceptionally(wrapped ? failure.getCause() : failure);
            }
        });
        result.whenComplete((value, failure) -> {
            if (stage instanceof Future<?> running) {
                running.cancel(true);
            }
            registry.release(decision);
        });
    }
}
