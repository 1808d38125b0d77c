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
    LIMITS("Limits of one call", 2, LimitCalls::contenders),
    /** Calls that read the decision of an admitted call. */
    DECISIONS("Reading a decision", 1, DecisionCalls::admitted),
    /** Calls that read the decision of a rejected call. */
    REJECTIONS("Reading a rejection", 1, DecisionCalls::rejected),
    /** Calls that hold a lease. */
    PERMITS("Concurrency", 2, PermitCalls::contenders),
    /** Calls that may wait and do not have to. */
    UNUSED_WAITS("Waiting, not used", 1, WaitCalls::unused),
    /** Calls that wait. */
    USED_WAITS("Waiting for 50 µs", 1, WaitCalls::used, Comparison.DIFFERENCE);

    private final String title;
    private final int mostThreads;
    private final Supplier<List<CallContender>> contenders;
    private final Comparison comparison;

    CallTable(String title, int mostThreads, Supplier<List<CallContender>> contenders) {
        this(title, mostThreads, contenders, Comparison.RATIO);
    }

    CallTable(String title, int mostThreads, Supplier<List<CallContender>> contenders, Comparison comparison) {
        this.title = title;
        this.mostThreads = mostThreads;
        this.contenders = contenders;
        this.comparison = comparison;
    }

    String title() {
        return title;
    }

    /** {@return the largest number of threads with which the calls are measured} */
    int mostThreads() {
        return mostThreads;
    }

    Comparison comparison() {
        return comparison;
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
