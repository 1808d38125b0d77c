package io.ratelimit.test;

import io.ratelimit.RateLimitStore;
import java.time.Duration;
import org.junit.jupiter.api.Nested;

/**
 * What every {@link RateLimitStore} must do, as tests. A store's test is a subclass that says how to make one.
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
 * <p>Each test decides on a store of its own, both synchronously and asynchronously, and closes it. The random test tells
 * its seed when it fails; {@code -Dio.ratelimit.contract.seed=42} runs it again, and
 * {@code -Dio.ratelimit.contract.decisions=1000000} runs more of it.
 */
public abstract class RateLimitStoreContract {

    /** Creates the contract. */
    protected RateLimitStoreContract() {}

    /**
     * A store without buckets, whose time is the clock's.
     *
     * @param clock nanoseconds since the epoch; never runs back unless {@link #ownsWallClock()}
     * @return the store, closed after the test
     */
    protected abstract RateLimitStore createStore(VirtualClock clock);

    /**
     * A store without buckets, on the clock that it has in production.
     *
     * @return the store, closed after the test
     */
    protected abstract RateLimitStore createRealTimeStore();

    /**
     * Whether the store's clock is one that people and failovers set back, such as a server's time of day. The store is then
     * also tested with such steps.
     *
     * @return false for a monotonic clock
     */
    protected boolean ownsWallClock() {
        return false;
    }

    /**
     * Whether a call of several keys can wait. A store that keeps keys in different places, and charges them one after the
     * other, may decide such calls without a wait.
     *
     * @return true unless said otherwise
     */
    protected boolean waitsForSeveralKeys() {
        return true;
    }

    /**
     * Whether refusals may be answered from what was known of the key, instead of by a store that reads it. In windows they
     * may then tell fewer {@code remaining} tokens than there are, because the store did not say what would leave when.
     *
     * @return false unless said otherwise
     */
    protected boolean cachesDenials() {
        return false;
    }

    /**
     * How many random decisions are compared with the exact model.
     *
     * @return the system property {@code io.ratelimit.contract.decisions}, 100,000 by default
     */
    protected int randomDecisions() {
        return Integer.getInteger("io.ratelimit.contract.decisions", 100_000);
    }

    /**
     * How long the tests that run in real time may take before they fail.
     *
     * @return a minute unless said otherwise
     */
    protected Duration patience() {
        return Duration.ofMinutes(1);
    }

    /** Cases that other limiters publish. */
    @Nested
    class Vectors extends StoreVectorsContract {
        Vectors() {
            super(RateLimitStoreContract.this);
        }
    }

    /** What holds for every limit. */
    @Nested
    class Laws extends StoreArithmeticContract {
        Laws() {
            super(RateLimitStoreContract.this);
        }
    }

    /** What holds when a limit is given other rates. */
    @Nested
    class Redefinition extends StoreReconfigurationContract {
        Redefinition() {
            super(RateLimitStoreContract.this);
        }
    }

    /** What holds for calls that wait, and for what is given back. */
    @Nested
    class Waits extends StoreReservationContract {
        Waits() {
            super(RateLimitStoreContract.this);
        }
    }

    /** What holds for calls that hold what they take until they end. */
    @Nested
    class Leases extends StoreLeaseContract {
        Leases() {
            super(RateLimitStoreContract.this);
        }
    }

    /** Random decisions beside the exact model. */
    @Nested
    class Comparison extends StoreComparisonContract {
        Comparison() {
            super(RateLimitStoreContract.this);
        }
    }

    /** Many threads on few buckets. */
    @Nested
    class Threads extends StoreConcurrencyContract {
        Threads() {
            super(RateLimitStoreContract.this);
        }
    }
}
