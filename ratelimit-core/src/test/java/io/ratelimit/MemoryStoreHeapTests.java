package io.ratelimit;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Keys that somebody makes up: by the million or of a megabyte in a small heap, and with one hash code. */
class MemoryStoreHeapTests {

    @Test
    void twoMillionRotatingKeysInASmallHeapLeaveAnExhaustedKeyExhausted() throws Exception {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx256m",
                        "-cp",
                        System.getProperty("java.class.path")
                                .replace(File.pathSeparator + File.pathSeparator, File.pathSeparator),
                        RotatingKeys.class.getName())
                .redirectErrorStream(true)
                .start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(120, TimeUnit.SECONDS)).isTrue();
        assertThat(output.strip())
                .isEqualTo("exhausted key refused, all new keys admitted, single tokens not all refused");
    }

    /** The other JVM's main class. */
    static final class RotatingKeys {

        public static void main(String[] arguments) {
            Limit ten = Limit.of("ten", "10/1d");
            Limit one = Limit.of("one", "1/1d");
            try (MemoryStore store = MemoryStore.create()) {
                long admitted = 0;
                long single = 0;
                boolean refused = true;
                store.decide(new Charge(ten, "exhausted", 10_000));
                for (int i = 0; i < 2_000_000; i++) {
                    admitted += store.decide(new Charge(ten, "rotating-" + i, 1_000))
                                    .admitted()
                            ? 1
                            : 0;
                    if (i % 1_000 == 0) {
                        refused &= !store.decide(new Charge(ten, "exhausted", 1_000))
                                .admitted();
                    }
                }
                for (int i = 0; i < 100_000; i++) {
                    single += store.decide(new Charge(one, "rotating-" + i, 1_000))
                                    .admitted()
                            ? 1
                            : 0;
                }
                String megabyte = "x".repeat(1_000_000);
                for (int i = 0; i < 400; i++) {
                    store.decide(new Charge(ten, i + megabyte, 1_000));
                }
                System.out.println((refused ? "exhausted key refused, " : "exhausted key admitted, ")
                        + (admitted == 2_000_000 ? "all new keys admitted, " : admitted + " new keys admitted, ")
                        + (single > 1_000 ? "single tokens not all refused" : "single tokens refused but " + single));
            }
        }
    }

    @Test
    void keysOfOneHashCodeAreNotSlow() {
        List<String> plain = new ArrayList<>();
        List<String> equal = new ArrayList<>();
        for (int i = 0; i < 20_000; i++) {
            plain.add(text(i).replace("Aa", "Cd").replace("BB", "Ef"));
            equal.add(text(i));
        }
        assertThat(equal.stream().mapToInt(String::hashCode).distinct()).hasSize(1);
        assertThat(equal).doesNotHaveDuplicates();
        double slowdown = Double.MAX_VALUE;
        for (int run = 0; run < 5; run++) {
            double plainly = nanos(plain);
            slowdown = Math.min(slowdown, nanos(equal) / plainly);
        }
        assertThat(slowdown).isLessThan(20);
    }

    /** A text of "Aa" and "BB", which have one hash code, by the bits of a number. */
    private static String text(int number) {
        StringBuilder text = new StringBuilder();
        for (int bit = 0; bit < 15; bit++) {
            text.append((number >> bit & 1) == 0 ? "Aa" : "BB");
        }
        return text.toString();
    }

    private static double nanos(List<String> keys) {
        Limit limit = Limit.of("ten", "10/s");
        try (MemoryStore store = MemoryStore.create(() -> 0, 100_000)) {
            long start = System.nanoTime();
            for (int round = 0; round < 3; round++) {
                for (String key : keys) {
                    store.decide(new Charge(limit, key, 1_000));
                }
            }
            return System.nanoTime() - start;
        }
    }
}
