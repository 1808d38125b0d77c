package io.ratelimit.benchmarks;

/** One call as a user writes it, which reads its answer and fails if that is wrong. */
@FunctionalInterface
interface CheckedCall {

    /**
     * Makes the call.
     *
     * @return a figure of the answer, so that the compiler cannot leave out the work that computes it
     * @throws IllegalStateException if the answer is not the one that the benchmark is about
     */
    double make();

    /** Returns a call that reads only whether it was admitted. */
    static CheckedCall of(BenchmarkLimit limit, Limiter limiter, String key) {
        return () -> limit.checked(limiter.tryAcquire(key)) ? 1 : 0;
    }
}
