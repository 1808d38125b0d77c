package io.ratelimit.aop;

import io.ratelimit.Charge;
import io.ratelimit.Decision;
import io.ratelimit.InMemoryRateLimitStore;
import io.ratelimit.LeaseState;
import io.ratelimit.Limit;
import io.ratelimit.RateLimitStore;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.LongConsumer;

/** A store that answers on request and on another thread, as a remote store does. */
final class LateStore implements RateLimitStore {

    static final String THREAD = "store-io";

    private final BlockingQueue<Runnable> waiting = new LinkedBlockingQueue<>();
    private final RateLimitStore memory = InMemoryRateLimitStore.create(() -> 0, 1000);

    /** Answers one question, which may yet have to be asked, and returns when nothing is left to do on the store's thread. */
    void reply() throws InterruptedException {
        Runnable reply = waiting.poll(10, TimeUnit.SECONDS);
        if (reply == null) {
            throw new AssertionError("nobody asked");
        }
        Thread thread = new Thread(reply, THREAD);
        thread.start();
        thread.join();
    }

    @Override
    public String name() {
        return "late";
    }

    @Override
    public Decision decide(List<Charge> charges, Duration maxWait) {
        return memory.decide(charges, maxWait);
    }

    @Override
    public CompletionStage<Decision> decideAsync(List<Charge> charges, Duration maxWait) {
        CompletableFuture<Decision> reply = new CompletableFuture<>();
        waiting.add(() -> reply.complete(memory.decide(charges, maxWait)));
        return reply;
    }

    @Override
    public CompletionStage<Void> refund(Decision taken, List<Charge> unused) {
        return memory.refund(taken, unused);
    }

    @Override
    public CompletionStage<Void> debit(Decision taken, List<Charge> more) {
        return memory.debit(taken, more);
    }

    @Override
    public CompletionStage<List<LeaseState>> renew(List<Decision> decisions) {
        return memory.renew(decisions);
    }

    @Override
    public void onLeaseReady(LongConsumer listener) {
        memory.onLeaseReady(listener);
    }

    @Override
    public void reset(Limit limit, String key) {}

    @Override
    public void close() {
        memory.close();
    }
}
