package io.ratelimit.redis;

import io.ratelimit.Charge;
import io.ratelimit.algorithm.Observations;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * Decisions that one call of the script makes. The decisions of each bucket keep the order in which they were
 * requested.
 *
 * <p>Decisions that charge the same cost under the same rate are one entry of the call, whatever their keys. Equal keys
 * within an entry are counted, so that the server decides once for each key, however many requests it has.
 */
final class ScriptBatch {

    private static final byte[] EACH = "each".getBytes(StandardCharsets.US_ASCII);
    private static final long WINDOW_MISSING = ScriptReply.WINDOW_MISSING;
    private static final long ERROR = 3;
    private static final long EACH_ADMITTED = 4;

    private final List<Entry> entries = new ArrayList<>();

    /** The last entry for each rate and cost, and for each bucket. */
    private final Map<SameChargeKey, Entry> lastOfCharge = new HashMap<>();

    private final Map<BucketName, EntryPosition> lastOfBucket = new HashMap<>();

    private ScriptBatch() {}

    /** Creates a batch of one or more requests. */
    static ScriptBatch of(List<ScriptRequest> requests) {
        ScriptBatch batch = new ScriptBatch();
        if (requests.size() == 1) {
            batch.entries.add(new Entry(0, requests.get(0)));
        } else {
            requests.forEach(batch::add);
        }
        return batch;
    }

    private void add(ScriptRequest request) {
        Charge charge = request.charge();
        SameChargeKey sameCharge = SameChargeKey.to(request);
        if (charge == null || sameCharge == null) {
            entries.add(new Entry(entries.size(), request));
            lastOfCharge.clear();
            lastOfBucket.clear();
            return;
        }
        BucketName bucket = new BucketName(charge.limit().name(), charge.key());
        EntryPosition last = lastOfBucket.get(bucket);
        if (last != null && sameCharge.equals(last.entry.sameCharge)) {
            last.sameBucket.add(request);
            return;
        }
        Entry entry = lastOfCharge.get(sameCharge);
        if (entry == null || last != null && entry.number < last.entry.number) {
            entry = new Entry(entries.size(), sameCharge);
            entries.add(entry);
            lastOfCharge.put(sameCharge, entry);
        }
        List<ScriptRequest> sameBucket = new ArrayList<>(1);
        sameBucket.add(request);
        entry.byBucket.add(sameBucket);
        lastOfBucket.put(bucket, new EntryPosition(entry, sameBucket));
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
            for (List<ScriptRequest> sameBucket : entry.byBucket) {
                keys.addAll(List.of(sameBucket.get(0).keys()));
            }
        }
        return keys.toArray(new byte[0][]);
    }

    byte[][] arguments() {
        List<byte[]> arguments = new ArrayList<>();
        arguments.add(text(entries.size()));
        entries.forEach(entry -> entry.addTo(arguments));
        return arguments.toArray(new byte[0][]);
    }

    /** Returns the time of the server that a reply tells, in milliseconds since the epoch. */
    static long millis(List<?> reply) {
        return new Reader(reply).millis();
    }

    /** Completes the requests with the reply. */
    void complete(List<?> reply, LongAdder healed) {
        Reader reader = new Reader(reply);
        for (Entry entry : entries) {
            for (List<ScriptRequest> sameBucket : entry.byBucket) {
                for (int completed = 0; completed < sameBucket.size(); ) {
                    completed += complete(
                            sameBucket.subList(completed, sameBucket.size()), entry.sameCharge, reader, healed);
                }
            }
        }
    }

    /** Completes requests with the next part of the reply, and returns how many requests it completed. */
    private static int complete(
            List<ScriptRequest> sameBucket, @Nullable SameChargeKey sameCharge, Reader reader, LongAdder healed) {
        long outcome = reader.number();
        if (outcome == ERROR) {
            RuntimeException error = new IllegalStateException(reader.text());
            sameBucket.forEach(request -> request.reply().completeExceptionally(error));
            return sameBucket.size();
        }
        if (outcome >= EACH_ADMITTED && sameCharge != null) {
            completeEach(sameBucket, sameCharge, reader, outcome - EACH_ADMITTED);
            return sameBucket.size();
        }
        long[] numbers;
        if (outcome == WINDOW_MISSING) {
            numbers = new long[] {reader.number()};
        } else {
            healed.add(reader.number());
            numbers = reader.numbers();
        }
        sameBucket.get(0).reply().complete(new ScriptReply(outcome, reader.millis(), numbers));
        return 1;
    }

    private static void completeEach(
            List<ScriptRequest> sameBucket, SameChargeKey sameCharge, Reader reader, long admitted) {
        long level = reader.number();
        long units = sameCharge.rate.units(sameCharge.cost);
        long tick = sameCharge.rate.tick(reader.micros());
        for (int i = 0; i < sameBucket.size(); i++) {
            Observations observations = sameCharge.rate.observed(tick, level - Math.min(i, admitted) * units);
            long outcome = i < admitted ? ScriptReply.ADMITTED : ScriptReply.REJECTED;
            sameBucket.get(i).reply().complete(new ScriptReply(outcome, reader.millis(), observations));
        }
    }

    void failed(Throwable failure) {
        requests().forEach(request -> request.reply().completeExceptionally(failure));
    }

    private List<ScriptRequest> requests() {
        List<ScriptRequest> requests = new ArrayList<>();
        entries.forEach(entry -> entry.byBucket.forEach(requests::addAll));
        return requests;
    }

    private static byte[] text(long number) {
        return Long.toString(number).getBytes(StandardCharsets.US_ASCII);
    }

    /** The rate and cost that the requests of one entry have in common. */
    private record SameChargeKey(TokenBucketArguments rate, long cost) {

        static @Nullable SameChargeKey to(ScriptRequest request) {
            Charge charge = request.charge();
            TokenBucketArguments rate = request.rate();
            return charge == null || rate == null ? null : new SameChargeKey(rate, charge.cost());
        }
    }

    private record BucketName(String limit, String key) {}

    private record EntryPosition(Entry entry, List<ScriptRequest> sameBucket) {}

    /** One decision, or decisions with the same rate and cost grouped by key. */
    private static final class Entry {

        private final int number;
        private final @Nullable SameChargeKey sameCharge;
        private final List<List<ScriptRequest>> byBucket = new ArrayList<>();

        Entry(int number, ScriptRequest single) {
            this.number = number;
            this.sameCharge = SameChargeKey.to(single);
            byBucket.add(List.of(single));
        }

        Entry(int number, SameChargeKey sameCharge) {
            this.number = number;
            this.sameCharge = sameCharge;
        }

        void addTo(List<byte[]> arguments) {
            if (sameCharge == null) {
                arguments.addAll(List.of(byBucket.get(0).get(0).arguments()));
                return;
            }
            byte[] times = new byte[byBucket.size()];
            for (int i = 0; i < times.length; i++) {
                times[i] = (byte) byBucket.get(i).size();
            }
            arguments.add(EACH);
            arguments.add(sameCharge.rate.takeArguments(sameCharge.cost));
            arguments.add(sameCharge.rate.scale());
            arguments.add(times);
        }
    }

    /** Reads the reply of the script part by part. */
    private static final class Reader {

        private final List<?> reply;
        private final long micros;
        private int next;

        Reader(List<?> reply) {
            this.reply = reply;
            this.micros = number();
        }

        long micros() {
            return micros;
        }

        long millis() {
            return Math.floorDiv(micros, 1_000);
        }

        long number() {
            return (Long) reply.get(next++);
        }

        long[] numbers() {
            long[] numbers = new long[(int) number()];
            for (int i = 0; i < numbers.length; i++) {
                numbers[i] = number();
            }
            return numbers;
        }

        String text() {
            return new String((byte[]) reply.get(next++), StandardCharsets.UTF_8);
        }
    }
}
