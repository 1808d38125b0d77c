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
            if (!outcome.isDone()) {
                return begunLater(call, outcome);
            }
            Outcome decided = outcome.join();
            CompletionStage<?> begun = begin(call, decided);
            return decided.settles() ? ended(begun, decided, new CompletableFuture<>()) : begun;
        } catch (Throwable ex) {
            return CompletableFuture.failedFuture(cause(ex));
        }
    }

    /** A caller who gives up before the method begins gives back what was promised. */
    private static CompletionStage<?> begunLater(LimitedCall call, CompletableFuture<Outcome> outcome) {
        CompletableFuture<@Nullable Object> result = new CompletableFuture<>();
        result.whenComplete((value, failure) -> outcome.cancel(true));
        outcome.whenComplete((decided, failure) -> {
            if (failure != null) {
                result.completeExceptionally(cause(failure));
            } else if (!result.isDone()) {
                ended(begin(call, decided), decided, result);
            }
        });
        return result;
    }

    /** Runs what was decided. */
    private static CompletionStage<?> begin(LimitedCall call, Outcome outcome) {
        try {
            return (CompletionStage<?>) call.returned(outcome.run());
        } catch (Throwable ex) {
            return CompletableFuture.failedFuture(ex);
        }
    }

    /** The one place that sees how it ends. A caller who gives up, by cancelling or by a timeout, cancels what runs for it. */
    private static CompletionStage<?> ended(
            CompletionStage<?> begun, Outcome outcome, CompletableFuture<@Nullable Object> result) {
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

    private static Throwable cause(Throwable failure) {
        return failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
    }
}
