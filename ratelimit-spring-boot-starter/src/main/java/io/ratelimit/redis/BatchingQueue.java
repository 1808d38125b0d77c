package io.ratelimit.redis;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.data.redis.connection.ClusterSlotHashUtil;

/**
 * The queue of the decisions for one server. While fewer than {@value #MOST_UNDER_WAY} batches are in flight, a request
 * is sent at once and alone. Otherwise it waits, and is sent together with the other waiting requests as soon as a
 * batch is answered.
 *
 * <p>A request whose deadline passes before it is sent consumes nothing. A batch without an answer is no longer in
 * flight when the latest of its deadlines has passed. Only later requests are sent in its place: requests that waited
 * meanwhile are not sent to a server that does not answer.
 */
final class BatchingQueue {

    static final int MOST_TOGETHER = 128;
    static final int MOST_UNDER_WAY = 2;

    private static final long BETWEEN_LOOKS_NANOS = 1_000_000;

    private final RateLimitScript script;
    private final BooleanSupplier bySlot;
    private final Queue<ScriptRequest> waiting = new ArrayDeque<>();
    private final List<InFlightBatch> underWay = new ArrayList<>(MOST_UNDER_WAY);
    private boolean watching;
    private long watchedUntil;

    /**
     * Creates an empty queue.
     *
     * @param bySlot whether a call of the script can only decide for a single cluster slot
     */
    BatchingQueue(RateLimitScript script, BooleanSupplier bySlot) {
        this.script = script;
        this.bySlot = bySlot;
    }

    void add(ScriptRequest request) {
        InFlightBatch flight;
        synchronized (this) {
            watchUntil(request.deadline());
            if (underWay.size() >= MOST_UNDER_WAY) {
                waiting.add(request);
                return;
            }
            flight = begun(List.of(request));
        }
        send(flight);
    }

    private InFlightBatch begun(List<ScriptRequest> requests) {
        InFlightBatch flight = new InFlightBatch(requests, bySlot.getAsBoolean() ? slots(requests) : List.of(requests));
        underWay.add(flight);
        return flight;
    }

    private static Collection<List<ScriptRequest>> slots(List<ScriptRequest> requests) {
        Map<Integer, List<ScriptRequest>> slots = new TreeMap<>();
        for (ScriptRequest request : requests) {
            slots.computeIfAbsent(ClusterSlotHashUtil.calculateSlot(request.keys()[0]), slot -> new ArrayList<>())
                    .add(request);
        }
        return slots.values();
    }

    private void send(@Nullable InFlightBatch flight) {
        if (flight != null) {
            for (List<ScriptRequest> call : flight.calls) {
                script.run(ScriptBatch.of(call))
                        .whenComplete((completion, failure) -> answered(flight, call, completion, failure));
            }
        }
    }

    /**
     * Sends the waiting requests before it completes the answered ones, so that the server has work while the callers
     * of the answered requests are notified and call again.
     */
    private void answered(
            InFlightBatch flight,
            List<ScriptRequest> call,
            @Nullable Runnable completion,
            @Nullable Throwable failure) {
        List<ScriptRequest> late = new ArrayList<>(0);
        InFlightBatch next = null;
        boolean ended;
        synchronized (this) {
            ended = --flight.unanswered == 0;
            if (ended && (!waiting.isEmpty() || flight.requests.size() == 1)) {
                next = after(flight, late);
                ended = false;
            }
        }
        send(next);
        if (completion != null) {
            completion.run();
        } else {
            Throwable cause = failure == null ? new IllegalStateException("Redis answered nothing") : failure;
            call.forEach(request -> request.reply().completeExceptionally(cause));
        }
        if (ended) {
            synchronized (this) {
                next = after(flight, late);
            }
            send(next);
        }
        late.forEach(ScriptRequest::expire);
    }

    /** Returns the batch to send in place of one that has ended; null if no request waits. */
    private @Nullable InFlightBatch after(InFlightBatch ended, List<ScriptRequest> late) {
        if (!underWay.remove(ended)) {
            return null;
        }
        long now = System.nanoTime();
        List<ScriptRequest> requests = new ArrayList<>(Math.min(waiting.size(), MOST_TOGETHER));
        while (requests.size() < MOST_TOGETHER && !waiting.isEmpty()) {
            ScriptRequest request = waiting.remove();
            (request.isWanted(now) ? requests : late).add(request);
        }
        return requests.isEmpty() ? null : begun(requests);
    }

    private void watchUntil(long deadline) {
        if (!watching || deadline - watchedUntil < 0) {
            watching = true;
            watchedUntil = deadline;
            CompletableFuture.delayedExecutor(deadline - System.nanoTime(), TimeUnit.NANOSECONDS, Runnable::run)
                    .execute(this::expire);
        }
    }

    /**
     * Fails the requests whose deadline has passed, and removes batches whose requests are all done. If the server has
     * answered such a batch, waiting requests are sent in its place, even while its callers are still being notified.
     * Otherwise they are sent when the server answers a later request.
     */
    private void expire() {
        List<ScriptRequest> late = new ArrayList<>();
        List<InFlightBatch> next = new ArrayList<>(0);
        synchronized (this) {
            long now = System.nanoTime();
            if (!watching || now - watchedUntil < 0) {
                return;
            }
            watching = false;
            waiting.stream().filter(request -> !request.isWanted(now)).forEach(late::add);
            waiting.removeIf(request -> !request.isWanted(now));
            underWay.forEach(flight -> flight.requests.stream()
                    .filter(request -> !request.isWanted(now))
                    .forEach(late::add));
            List<InFlightBatch> done = underWay.stream()
                    .filter(flight -> flight.requests.stream().noneMatch(request -> request.isWanted(now)))
                    .toList();
            for (InFlightBatch flight : done) {
                if (flight.unanswered > 0) {
                    underWay.remove(flight);
                } else {
                    Optional.ofNullable(after(flight, late)).ifPresent(next::add);
                }
            }
            Stream.concat(waiting.stream(), underWay.stream().flatMap(flight -> flight.requests.stream()))
                    .mapToLong(request -> request.deadline() - now)
                    .min()
                    .ifPresent(nanos -> watchUntil(now + Math.max(nanos, BETWEEN_LOOKS_NANOS)));
        }
        next.forEach(this::send);
        late.forEach(ScriptRequest::expire);
    }

    /** The requests of one batch that was sent; in a cluster, one call of the script for each slot. */
    private static final class InFlightBatch {

        private final List<ScriptRequest> requests;
        private final Collection<List<ScriptRequest>> calls;
        private int unanswered;

        InFlightBatch(List<ScriptRequest> requests, Collection<List<ScriptRequest>> calls) {
            this.requests = requests;
            this.calls = calls;
            this.unanswered = calls.size();
        }
    }
}
