package io.ratelimit.benchmarks;

import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.Function;
import java.util.function.Predicate;

/** A map of limiters by key, as users write it around a limiter that has no keys. */
record KeyedLimiter<T>(ConcurrentMap<String, T> limiters, Function<String, T> make, Predicate<T> take)
        implements Limiter {

    KeyedLimiter(Function<String, T> make, Predicate<T> take) {
        this(new ConcurrentHashMap<>(), make, take);
    }

    @Override
    public boolean tryAcquire(String key) {
        return take.test(get(limiters, key, make));
    }

    /** Returns the limiter of a key. {@code get} comes first because it is faster where a limiter exists. */
    static <T> T get(ConcurrentMap<String, T> limiters, String key, Function<String, T> make) {
        T limiter = limiters.get(key);
        return limiter != null ? limiter : limiters.computeIfAbsent(key, make);
    }
}
