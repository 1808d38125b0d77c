package io.ratelimit.benchmarks;

import java.io.IOException;
import java.lang.ref.Reference;
import java.util.List;
import java.util.Locale;

/**
 * Measures the heap that a key needs, without its text, while its bucket is neither full nor empty.
 *
 * <p>Each contender has its own JVM with the serial collector, which leaves exactly the reachable objects.
 */
public final class HeapPerKey {

    static final String TITLE = "A million keys, heap";

    private static final int KEYS = 1_000_000;

    private HeapPerKey() {}

    static String table() throws IOException, InterruptedException {
        double floor = measured(InMemoryContender.MAP_FLOOR);
        StringBuilder table =
                new StringBuilder("\n### ").append(TITLE).append("\n\n| | B/key | × map + CAS |\n|---|--:|--:|\n");
        for (InMemoryContender contender : InMemoryContender.KEYED) {
            double bytes = contender == InMemoryContender.MAP_FLOOR ? floor : measured(contender);
            table.append(String.format(Locale.ROOT, "| %s | %.0f | %.2f |\n", contender.label(), bytes, bytes / floor));
        }
        return table.toString();
    }

    /**
     * Fills a limiter with keys, and prints the bytes of heap for each key.
     *
     * @param args the {@link InMemoryContender}
     */
    public static void main(String... args) {
        String[] keys = new String[KEYS];
        for (int i = 0; i < KEYS; i++) {
            keys[i] = "user-" + i;
        }
        Limiter limiter = InMemoryContender.valueOf(args[0]).open(BenchmarkLimit.PLENTY_EACH);
        long before = used();
        for (String key : keys) {
            limiter.tryAcquire(key);
        }
        System.out.println((double) (used() - before) / KEYS);
        Reference.reachabilityFence(limiter);
        Reference.reachabilityFence(keys);
    }

    static long used() {
        System.gc();
        return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
    }

    private static double measured(InMemoryContender contender) throws IOException, InterruptedException {
        return Double.parseDouble(
                ForkedJvm.run(HeapPerKey.class, List.of("-XX:+UseSerialGC", "-Xmx2g"), contender.name()));
    }
}
