package io.ratelimit.redis;

import io.ratelimit.Charge;
import io.ratelimit.algorithm.Observations;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * Decisions that one call of the script makes. The decisions of each bucket keep the order in which they were
 * requested.
 *
 * <p>Equal requests, which take the same costs from the same buckets, are one entry of the call, so that the server
 * decides once for all of them.
 */
final class ScriptBatch {

    private static final int MOST_EQUAL = 254;
    private static final long WINDOW_MISSING = ScriptReply.WINDOW_MISSING;
    private static final long ERROR = 3;

    private final List<Entry> entries = new ArrayList<>();
    private final Map<PackedCharges, Integer> shapes = new LinkedHashMap<>();
    private final Map<BucketName, Entry> lastOfBucket = new HashMap<>();

    private ScriptBatch() {}

    /** Creates a batch of one or more requests. */
    static ScriptBatch of(List<ScriptRequest> requests) {
        ScriptBatch batch = new ScriptBatch();
        if (requests.size() == 1) {
            batch.addEntry(requests.get(0));
        } else {
            requests.forEach(batch::add);
        }
        return batch;
    }

    private void add(ScriptRequest request) {
        if (request.packed() == null) {
            addEntry(request);
            lastOfBucket.clear();
            return;
        }
        List<BucketName> buckets = new ArrayList<>(request.charges().size());
        for (Charge charge : request.charges()) {
            buckets.add(new BucketName(charge.limit().name(), charge.key()));
        }
        Entry last = lastOfBucket.get(buckets.get(0));
        if (last != null && last.canAdd(request) && buckets.stream().allMatch(name -> lastOfBucket.get(name) == last)) {
            last.requests.add(request);
            return;
        }
        Entry entry = addEntry(request);
        buckets.forEach(name -> lastOfBucket.put(name, entry));
    }

    private Entry addEntry(ScriptRequest request) {
        Entry entry = new Entry(request);
        entries.add(entry);
        if (entry.packed != null) {
            shapes.putIfAbsent(entry.packed, shapes.size() + 1);
        }
        return entry;
    }

    /** Returns the batch without the requests that are done or have timed out. */
    ScriptBatch wanted() {
        long now = System.nanoTime();
        return of(requests().stream().filter(request -> request.isWanted(now)).toList());
    }

    boolean isEmpty() {
        return entries.isEmpty();
    }

    byte[][] keys() {
        List<byte[]> keys = new ArrayList<>();
        for (Entry entry : entries) {
            keys.addAll(List.of(entry.requests.get(0).keys()));
        }
        return keys.toArray(new byte[0][]);
    }

    byte[][] arguments() {
        List<byte[]> arguments = new ArrayList<>();
        arguments.add(plan());
        shapes.keySet().forEach(packed -> arguments.add(packed.shape()));
        for (Entry entry : entries) {
            arguments.addAll(List.of(entry.requests.get(0).arguments()));
        }
        return arguments.toArray(new byte[0][]);
    }

    private byte[] plan() {
        ByteArrayOutputStream plan = new ByteArrayOutputStream(1 + 2 * entries.size());
        plan.write(shapes.size());
        for (Entry entry : entries) {
            plan.write(entry.packed == null ? 0 : entry.requests.size());
            plan.write(entry.packed == null ? 0 : shapes.getOrDefault(entry.packed, 0));
        }
        return plan.toByteArray();
    }

    /** Completes the requests with the reply. */
    void complete(ScriptResults results, LongAdder healed) {
        for (Entry entry : entries) {
            int completed = 0;
            while (completed < entry.requests.size()) {
                List<ScriptRequest> remaining = entry.requests.subList(completed, entry.requests.size());
                int admitted = entry.packed == null ? ScriptResults.IN_FULL : results.nextAdmitted();
                completed += entry.packed == null || admitted == ScriptResults.IN_FULL
                        ? completeInFull(remaining, results, healed)
                        : completeShort(remaining, entry.packed, admitted, results);
            }
        }
    }

    /** Completes requests with the next full result, and returns how many it completed. */
    private static int completeInFull(List<ScriptRequest> remaining, ScriptResults results, LongAdder healed) {
        long outcome = results.next();
        if (outcome == ERROR) {
            RuntimeException error = new IllegalStateException(results.nextText());
            remaining.forEach(request -> request.reply().completeExceptionally(error));
            return remaining.size();
        }
        long[] numbers;
        if (outcome == WINDOW_MISSING) {
            numbers = new long[] {results.next()};
        } else {
            healed.add(results.next());
            numbers = results.nextNumbers();
        }
        remaining.get(0).reply().complete(new ScriptReply(outcome, results.millis(), numbers));
        return 1;
    }

    /** Completes equal requests, of which the first ones were admitted. */
    private static int completeShort(
            List<ScriptRequest> remaining, PackedCharges packed, int admitted, ScriptResults results) {
        long[][] states = packed.readStates(results::nextOfState, results.micros());
        for (int i = 0; i < remaining.size(); i++) {
            Observations observations = packed.decide(states, results.micros(), i < admitted);
            long outcome = i < admitted ? ScriptReply.ADMITTED : ScriptReply.REJECTED;
            remaining.get(i).reply().complete(new ScriptReply(outcome, results.millis(), observations));
        }
        return remaining.size();
    }

    void failed(Throwable failure) {
        requests().forEach(request -> request.reply().completeExceptionally(failure));
    }

    private List<ScriptRequest> requests() {
        List<ScriptRequest> requests = new ArrayList<>();
        entries.forEach(entry -> requests.addAll(entry.requests));
        return requests;
    }

    private record BucketName(String limit, String key) {}

    /** Equal requests that the short path can decide, or one other request. */
    private static final class Entry {

        private final @Nullable PackedCharges packed;
        private final List<ScriptRequest> requests = new ArrayList<>(1);

        Entry(ScriptRequest first) {
            this.packed = first.packed();
            requests.add(first);
        }

        /** Returns whether a request of the same buckets is equal to those of this entry, and has place. */
        boolean canAdd(ScriptRequest request) {
            return packed != null && packed.equals(request.packed()) && requests.size() < MOST_EQUAL;
        }
    }
}
