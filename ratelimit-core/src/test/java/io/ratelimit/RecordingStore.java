package io.ratelimit;

import io.ratelimit.memory.InMemoryRateLimitStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.LongSupplier;

/** A store in memory that records its calls, fails while it is told to, and can delay its replies. */
public final class RecordingStore extends ForwardingRateLimitStore {

    private final List<String> calls = new CopyOnWriteArrayList<>();
    public final InMemoryRateLimitStore memory;
    public volatile RuntimeException failure;
    public volatile boolean delaysReplies;
    private final List<Runnable> delayed = new ArrayList<>();

    public RecordingStore(LongSupplier clock) {
        this(InMemoryRateLimitStore.create(clock, 100_000));
    }

    private RecordingStore(InMemoryRateLimitStore memory) {
        super(memory);
        this.memory = memory;
    }

    /** Returns and clears the recorded calls, such as {@code decide 1000} and {@code async 50000}. */
    public List<String> drainCalls() {
        List<String> recent = List.copyOf(calls);
        calls.clear();
        return recent;
    }

    /** Completes the delayed replies. */
    public void reply() {
        List<Runnable> answers = List.copyOf(delayed);
        delayed.clear();
        answers.forEach(Runnable::run);
    }

    @Override
    public Decision decide(List<Charge> charges, Duration maxWait) {
        record("decide", charges);
        return super.decide(charges, maxWait);
    }

    @Override
    public CompletionStage<Decision> decideAsync(List<Charge> charges, Duration maxWait) {
        record("async", charges);
        Decision decision = super.decide(charges, maxWait);
        if (!delaysReplies) {
            return CompletableFuture.completedFuture(decision);
        }
        CompletableFuture<Decision> answer = new CompletableFuture<>();
        delayed.add(() -> answer.complete(decision));
        return answer;
    }

    @Override
    public CompletionStage<Void> refund(Decision taken, List<Charge> unused) {
        record("refund", unused);
        return super.refund(taken, unused);
    }

    @Override
    public CompletionStage<Void> debit(Decision taken, List<Charge> more) {
        record("debit", more);
        return super.debit(taken, more);
    }

    @Override
    public void reset(Limit limit, String key) {
        calls.add("reset");
        super.reset(limit, key);
    }

    @Override
    public void close() {
        calls.add("close");
    }

    private void record(String call, List<Charge> charges) {
        calls.add(call + " "
                + String.join(
                        "+", charges.stream().map(charge -> "" + charge.cost()).toList()));
        if (failure != null) {
            throw failure;
        }
    }
}
