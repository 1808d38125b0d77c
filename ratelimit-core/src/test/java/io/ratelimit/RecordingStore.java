package io.ratelimit;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.LongSupplier;

/** A memory that stands for a remote store: it says what it was asked, fails when told to, and keeps answers back. */
final class RecordingStore extends ForwardingRateLimitStore {

    final List<String> calls = new CopyOnWriteArrayList<>();
    final InMemoryRateLimitStore memory;
    volatile RuntimeException failure;
    volatile boolean keepsAnswersBack;
    private final List<Runnable> kept = new ArrayList<>();

    RecordingStore(LongSupplier clock) {
        this(InMemoryRateLimitStore.create(clock, 100_000));
    }

    private RecordingStore(InMemoryRateLimitStore memory) {
        super(memory);
        this.memory = memory;
    }

    /** What it was asked since this was last asked, such as {@code decide 1000} and {@code async 50000}. */
    List<String> asked() {
        List<String> asked = List.copyOf(calls);
        calls.clear();
        return asked;
    }

    /** Lets the answers go that were kept back. */
    void answer() {
        List<Runnable> answers = List.copyOf(kept);
        kept.clear();
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
        if (!keepsAnswersBack) {
            return CompletableFuture.completedFuture(decision);
        }
        CompletableFuture<Decision> answer = new CompletableFuture<>();
        kept.add(() -> answer.complete(decision));
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
