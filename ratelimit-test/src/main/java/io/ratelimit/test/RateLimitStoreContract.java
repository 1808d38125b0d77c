package io.ratelimit.test;

import io.ratelimit.RateLimitStore;
import java.time.Duration;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;

/**
 * The contract of {@link RateLimitStore} as tests. The test of a store is a subclass that creates the store.
 *
 * <pre>{@code
 * class InMemoryRateLimitStoreContractTests extends RateLimitStoreContract {
 *
 *     @Override
 *     protected RateLimitStore createStore(VirtualClock clock) {
 *         return InMemoryRateLimitStore.create(clock, 1_000_000);
 *     }
 *
 *     @Override
 *     protected RateLimitStore createRealTimeStore() {
 *         return InMemoryRateLimitStore.create();
 *     }
 * }
 * }</pre>
 *
 * <p>Each nested class checks one sentence of the contract on the page of {@link RateLimitStore}, and its display name
 * starts with the number of that sentence. So a failure of {@code 3. Rejection} says that the store breaks sentence 3.
 *
 * <p>Each test creates a store, makes its decisions both synchronously and asynchronously, and closes the store. A
 * random test reports its seed when it fails: {@code -Dio.ratelimit.contract.seed=42} repeats that run, and
 * {@code -Dio.ratelimit.contract.decisions=1000000} makes it longer.
 */
public abstract class RateLimitStoreContract {

    /** Creates the contract. */
    protected RateLimitStoreContract() {}

    /**
     * Creates an empty store that reads the given clock.
     *
     * @param clock nanoseconds since the epoch; never set back unless {@link #ownsWallClock()} returns true
     * @return the store, which is closed after the test
     */
    protected abstract RateLimitStore createStore(VirtualClock clock);

    /**
     * Creates an empty store that reads the same clock as in production.
     *
     * @return the store, which is closed after the test
     */
    protected abstract RateLimitStore createRealTimeStore();

    /**
     * Returns whether the store's clock can be set back by an operator or a failover, as the time of day on a server
     * can. The store is then also tested with such steps.
     *
     * @return false, for a monotonic clock, unless overridden
     */
    protected boolean ownsWallClock() {
        return false;
    }

    /**
     * Returns whether a call of several keys can wait. A store that keeps keys in different places and charges them one
     * after the other may reject such a call instead.
     *
     * @return true unless overridden
     */
    protected boolean waitsForSeveralKeys() {
        return true;
    }

    /**
     * Returns whether the store may answer a rejection from a cache of earlier rejections. Such an answer may report
     * fewer {@code remaining} tokens of a sliding or fixed window than there are, because the store did not tell the
     * cache which tokens leave the window at which time.
     *
     * @return false unless overridden
     */
    protected boolean cachesDenials() {
        return false;
    }

    /**
     * Returns the number of random decisions that are compared with the reference model.
     *
     * @return the system property {@code io.ratelimit.contract.decisions}, 100,000 by default, unless overridden
     */
    protected int randomDecisions() {
        return Integer.getInteger("io.ratelimit.contract.decisions", 100_000);
    }

    /**
     * Returns the time after which a test that runs in real time fails.
     *
     * @return one minute unless overridden
     */
    protected Duration timeout() {
        return Duration.ofMinutes(1);
    }

    private TestedStore testedStore() {
        return new TestedStore(
                this::createStore,
                this::createRealTimeStore,
                ownsWallClock(),
                waitsForSeveralKeys(),
                cachesDenials(),
                randomDecisions(),
                timeout());
    }

    @Nested
    @DisplayName("1. Clock")
    class Clock extends StoreClockContract {
        Clock() {
            super(testedStore());
        }
    }

    @Nested
    @DisplayName("2. Atomicity")
    class Atomicity extends StoreAtomicityContract {
        Atomicity() {
            super(testedStore());
        }
    }

    @Nested
    @DisplayName("2. Atomicity: concurrent calls")
    class Concurrency extends StoreConcurrencyContract {
        Concurrency() {
            super(testedStore());
        }
    }

    @Nested
    @DisplayName("3. Rejection")
    class Rejection extends StoreRejectionContract {
        Rejection() {
            super(testedStore());
        }
    }

    @Nested
    @DisplayName("4. Arithmetic")
    class Arithmetic extends StoreArithmeticContract {
        Arithmetic() {
            super(testedStore());
        }
    }

    @Nested
    @DisplayName("4. Arithmetic: published cases")
    class Vectors extends StoreVectorsContract {
        Vectors() {
            super(testedStore());
        }
    }

    @Nested
    @DisplayName("5. Isolation")
    class Isolation extends StoreIsolationContract {
        Isolation() {
            super(testedStore());
        }
    }

    @Nested
    @DisplayName("6. Reservation")
    class Reservation extends StoreReservationContract {
        Reservation() {
            super(testedStore());
        }
    }

    @Nested
    @DisplayName("7. Refund")
    class Refund extends StoreRefundContract {
        Refund() {
            super(testedStore());
        }
    }

    @Nested
    @DisplayName("8. Debit")
    class Debit extends StoreDebitContract {
        Debit() {
            super(testedStore());
        }
    }

    @Nested
    @DisplayName("9. Lease")
    class Lease extends StoreLeaseContract {
        Lease() {
            super(testedStore());
        }
    }

    @Nested
    @DisplayName("10. Reconfiguration")
    class Reconfiguration extends StoreReconfigurationContract {
        Reconfiguration() {
            super(testedStore());
        }
    }

    @Nested
    @DisplayName("All sentences: random calls")
    class Comparison extends StoreComparisonContract {
        Comparison() {
            super(testedStore());
        }
    }

    @Nested
    @DisplayName("Other methods")
    class Methods extends StoreMethodsContract {
        Methods() {
            super(testedStore());
        }
    }
}
