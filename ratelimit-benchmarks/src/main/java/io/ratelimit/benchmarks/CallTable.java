package io.ratelimit.benchmarks;

import java.util.List;
import java.util.function.Supplier;

/** A table of calls with one key, which differ in the limit or in the way in which it is called. */
public enum CallTable {
    /** Calls under each algorithm. */
    ALGORITHMS("Algorithms, one hot key", 2, AlgorithmCalls::contenders),
    /** Calls of a limit with several rates. */
    RATES("Rates of a limit", 2, RateCalls::contenders),
    /** Calls that several limits must admit. */
    LIMITS("Limits of one call", 2, LimitCalls::contenders);

    private final String title;
    private final int mostThreads;
    private final Supplier<List<CallContender>> contenders;

    CallTable(String title, int mostThreads, Supplier<List<CallContender>> contenders) {
        this.title = title;
        this.mostThreads = mostThreads;
        this.contenders = contenders;
    }

    String title() {
        return title;
    }

    /** {@return the largest number of threads with which the calls are measured} */
    int mostThreads() {
        return mostThreads;
    }

    /** {@return the rows; all of them are compared with the first} */
    List<CallContender> contenders() {
        return contenders.get();
    }

    CallContender contender(String name) {
        return contenders().stream()
                .filter(contender -> contender.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("No contender of " + this + " is named \"" + name
                        + "\"; use one of "
                        + contenders().stream().map(CallContender::name).toList()));
    }
}
