package io.ratelimit.aop;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/**
 * A {@link CompletionStage}: decided at once, and whatever goes wrong is a failed one, also what the method's body throws.
 *
 * <p>An ordinary thread waits for the store, but never for tokens; an event loop for neither. They get a stage that begins
 * when the call may go on.
 */
final class StageReturns implements Returns {

    static final Returns INSTANCE = new StageReturns();

    private StageReturns() {}

    @Override
    public CompletionStage<?> invoke(LimitedCall call) {
        try {
            CompletableFuture<Outcome> outcome = EventLoop.isCurrent() ? call.decideAsync() : call.decideThenWait();
            return outcome.isDone() ? stage(call, outcome.join()) : begunLater(call, outcome);
        } catch (Throwable ex) {
            return CompletableFuture.failedFuture(cause(ex));
        }
    }

    /** A caller who gives up before the method begins gives back what was promised. */
    private static CompletionStage<?> begunLater(LimitedCall call, CompletableFuture<Outcome> outcome) {
        CompletableFuture<@Nullable Object> result = new CompletableFuture<>();
        result.whenComplete((value, failure) -> outcome.cancel(true));
        outcome.whenComplete((decided, failure) -> {
            if (!result.isDone()) {
                passOn(failure == null ? stage(call, decided) : CompletableFuture.failedFuture(failure), result);
            }
        });
        return result;
    }

    /** Runs what was decided; the one place that sees how it ends. */
    private static CompletionStage<?> stage(LimitedCall call, Outcome outcome) {
        CompletionStage<?> begun;
        try {
            begun = (CompletionStage<?>) call.returned(outcome.run());
        } catch (Throwable ex) {
            outcome.failed(ex);
            return CompletableFuture.failedFuture(ex);
        }
        return outcome.settles() ? settled(begun, outcome) : begun;
    }

    /** A stage that ends when the call is settled. */
    private static CompletionStage<?> settled(CompletionStage<?> begun, Outcome outcome) {
        CompletableFuture<@Nullable Object> result = new CompletableFuture<>();
        begun.whenComplete((value, failure) -> {
            if (failure == null) {
                outcome.succeeded(value);
                result.complete(value);
            } else {
                outcome.failed(cause(failure));
                result.completeExceptionally(cause(failure));
            }
        });
        if (begun instanceof Future<?> running) {
            result.whenComplete((value, failure) -> running.cancel(true));
        }
        return result;
    }

    /** A caller who gives up, by cancelling or by a timeout, cancels what runs for it. */
    private static void passOn(CompletionStage<?> stage, CompletableFuture<@Nullable Object> result) {
        stage.whenComplete((value, failure) -> {
            if (failure == null) {
                result.complete(value);
            } else {
                result.completeExceptionally(cause(failure));
            }
        });
        if (stage instanceof Future<?> running) {
            result.whenComplete((value, failure) -> running.cancel(true));
        }
    }

    private static Throwable cause(Throwable failure) {
        return failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
    }
}
