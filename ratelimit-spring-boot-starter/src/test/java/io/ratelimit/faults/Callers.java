package io.ratelimit.faults;

import static org.awaitility.Awaitility.await;

import io.ratelimit.Charge;
import io.ratelimit.Decision;
import io.ratelimit.DecisionSource;
import io.ratelimit.RateLimitStore;
import io.ratelimit.test.DecisionLog;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Predicate;

/** Threads that call a store continuously, one charge after the other, and record the answers. */
final class Callers implements AutoCloseable {

    private static final int THREADS = 4;
    private static final long BETWEEN_CALLS_MILLIS = 2;

    /** One call, on the clock of nanoTime. */
    record Call(Charge charge, long start, long end, DecisionSource source, boolean admitted) {

        long nanos() {
            return end - start;
        }
    }

    private final RateLimitStore store;
    private final List<Charge> charges;
    private final Queue<Call> calls = new ConcurrentLinkedQueue<>();
    private final Queue<Throwable> errors = new ConcurrentLinkedQueue<>();
    private final List<Thread> threads = new ArrayList<>();
    private volatile boolean stopped;

    private Callers(RateLimitStore store, List<Charge> charges) {
        this.store = store;
        this.charges = charges;
    }

    /** Half of them block, half of them join a future. */
    static Callers start(RateLimitStore store, Charge... charges) {
        Callers callers = new Callers(store, List.of(charges));
        for (int i = 0; i < THREADS; i++) {
            int number = i;
            Thread thread = new Thread(() -> callers.run(number));
            callers.threads.add(thread);
            thread.start();
        }
        return callers;
    }

    /** Faults before there is a connection are not the subject of the test. */
    void goOnUntilAnswered() {
        await().until(() -> calls.stream().anyMatch(call -> call.source() == DecisionSource.STORE));
    }

    void goOnFor(Duration time) {
        try {
            Thread.sleep(time.toMillis());
        } catch (InterruptedException ex) {
            throw new IllegalStateException(ex);
        }
    }

    @Override
    public void close() {
        stop();
    }

    /** Stops the calls, and throws the exception of any of them. Idempotent. */
    void stop() {
        stopped = true;
        for (Thread thread : threads) {
            try {
                thread.join(10_000);
            } catch (InterruptedException ex) {
                throw new IllegalStateException(ex);
            }
            if (thread.isAlive()) {
                throw new IllegalStateException("A caller is stuck");
            }
        }
        errors.forEach(error -> {
            throw new IllegalStateException(error);
        });
    }

    /** The calls that began from one instant to another. */
    List<Call> begunIn(long from, long to) {
        return where(call -> call.start() >= from && call.start() < to);
    }

    List<Call> where(Predicate<Call> condition) {
        return calls.stream().filter(condition).toList();
    }

    /** Tokens, in thousandths, that the store said it took. */
    long taken(Predicate<Call> condition) {
        return calls.stream()
                .filter(call -> call.admitted() && call.source() == DecisionSource.STORE)
                .filter(condition)
                .mapToLong(call -> call.charge().cost())
                .sum();
    }

    /** Returns the answers of the store itself about one charge. */
    DecisionLog log(Charge charge) {
        DecisionLog log = new DecisionLog();
        calls.stream()
                .filter(call -> call.charge().equals(charge) && call.source() == DecisionSource.STORE)
                .forEach(call -> log.add(call.start(), call.end(), charge.cost(), call.admitted()));
        return log;
    }

    private void run(int number) {
        try {
            for (int i = number; !stopped; i++) {
                Charge charge = charges.get(i % charges.size());
                long start = System.nanoTime();
                Decision decision = number % 2 == 0
                        ? store.decide(charge)
                        : store.decideAsync(List.of(charge), Duration.ZERO)
                                .toCompletableFuture()
                                .join();
                calls.add(new Call(charge, start, System.nanoTime(), decision.source(), decision.admitted()));
                Thread.sleep(BETWEEN_CALLS_MILLIS);
            }
        } catch (Throwable ex) {
            errors.add(ex);
        }
    }
}
