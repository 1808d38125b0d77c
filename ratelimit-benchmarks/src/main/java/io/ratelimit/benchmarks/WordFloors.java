package io.ratelimit.benchmarks;

import java.util.concurrent.atomic.AtomicLong;

/** The least work of an exact decision: the clock is read once, and each word is replaced by compare-and-swap. */
final class WordFloors {

    private WordFloors() {}

    /** Reads the clock and replaces one word. */
    static void replace(AtomicLong word) {
        replace(word, System.nanoTime());
    }

    static void replace(AtomicLong word, long now) {
        long last;
        do {
            last = word.get();
        } while (!word.compareAndSet(last, now));
    }
}
