package io.ratelimit.test;

import io.ratelimit.Limit;
import io.ratelimit.algorithm.Algorithm;
import io.ratelimit.algorithm.Refill;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;

/**
 * The limits that several sections of the contract use. Unless its name says otherwise, a limit has a capacity of 10.
 */
final class ContractLimits {

    /** A maximum wait that is longer than any wait in the tests that use it. */
    static final Duration LONG_WAIT = Duration.ofHours(3);

    static final Duration LEASE_TIME = Duration.ofSeconds(30);

    static final Limit TWO_AT_ONCE =
            Limit.named("two").maxConcurrent(2, LEASE_TIME).build();

    static final Limit TEN_A_SECOND = limit("ten", "10/s");
    static final Limit PORTIONS = Limit.named("portions")
            .rates("3/1s burst 10")
            .refill(Refill.INTERVAL)
            .build();
    static final Limit LOG = window("log", Algorithm.SLIDING_WINDOW, "10/1m");
    static final Limit COUNTER = window("counter", Algorithm.SLIDING_WINDOW_COUNTER, "10/1s");

    /** Limits of every algorithm but concurrency, with one rate and with several. */
    static final List<Limit> EVERY_KIND = List.of(
            TEN_A_SECOND,
            limit("thirds", "3/1s burst 10"),
            limit("minute", "7/1m burst 10"),
            limit("several", "10/s", "60/1m burst 11", "100/1h burst 12"),
            PORTIONS,
            Limit.named("several-portions")
                    .rates("3/700ms burst 10", "20/1m burst 10.5")
                    .refill(Refill.INTERVAL)
                    .build(),
            window("sliding-window-1", Algorithm.SLIDING_WINDOW, "10/1s"),
            window("sliding-window-counter-1", Algorithm.SLIDING_WINDOW_COUNTER, "10/1s"),
            window("fixed-window-1", Algorithm.FIXED_WINDOW, "10/1s"),
            window("sliding-window-2", Algorithm.SLIDING_WINDOW, "10/1s", "20/1m"),
            window("fixed-window-2", Algorithm.FIXED_WINDOW, "10/7m", "11/1h"));

    /** Limits under which a call can reserve tokens. */
    static final List<Limit> CAN_WAIT = List.of(
            TEN_A_SECOND,
            limit("two-rates", "10/s", "12/1m"),
            PORTIONS,
            LOG,
            window("windows", Algorithm.FIXED_WINDOW, "10/1s"));

    /** Limits whose tokens can be refunded and debited. */
    static final List<Limit> CAN_SETTLE =
            Stream.concat(CAN_WAIT.stream(), Stream.of(COUNTER)).toList();

    private ContractLimits() {}

    static Limit limit(String name, String... rates) {
        return Limit.named(name).rates(rates).cost(BigDecimal.ZERO).build();
    }

    private static Limit window(String name, Algorithm algorithm, String... rates) {
        return Limit.named(name).rates(rates).algorithm(algorithm).build();
    }
}
