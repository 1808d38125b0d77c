package io.ratelimit.aop;

import io.ratelimit.Charge;
import io.ratelimit.Decision;
import io.ratelimit.ForwardingRateLimitStore;
import io.ratelimit.memory.InMemoryRateLimitStore;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** Completes asynchronous decisions when told to, on a thread of its own, as a store over the network does. */
final class DelayedStore extends ForwardingRateLimitStore {

    static final String THREAD = "store-io";

    private final BlockingQueue<Runnable> replies = new LinkedBlockingQueue<>();

    DelayedStore() {
        super(InMemoryRateLimitStore.create(() -> 0, 1000));
    }

    /** Waits for a call if there is none, replies to it, and returns when the store's thread has ended. */
    void reply() throws InterruptedException {
        Runnable reply = replies.poll(10, TimeUnit.SECONDS);
        if (reply == null) {
            throw new AssertionError("No call to reply to within 10 seconds");
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
    public CompletionStage<Decision> decideAsync(List<Charge> charges, Duration maxWait) {
        CompletableFuture<Decision> reply = new CompletableFuture<>();
        replies.add(() -> reply.complete(decide(charges, maxWait)));
        return reply;
    }
}
