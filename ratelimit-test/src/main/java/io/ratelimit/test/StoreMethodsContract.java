package io.ratelimit.test;

import static io.ratelimit.test.ContractLimits.TEN_A_SECOND;
import static org.assertj.core.api.Assertions.assertThat;

import io.ratelimit.DecisionSource;
import org.junit.jupiter.api.Test;

/** Checks the methods of a store that no sentence of the contract describes. */
abstract class StoreMethodsContract extends StoreContractSection {

    StoreMethodsContract(TestedStore tested) {
        super(tested);
    }

    @Test
    void hasALowerCaseName() {
        assertThat(store.name()).matches("[a-z][a-z0-9-]*");
    }

    @Test
    void reportsTheStoreAsTheSourceOfADecision() {
        assertThat(tryAcquire(TEN_A_SECOND, "key", "1").source()).isEqualTo(DecisionSource.STORE);
    }

    @Test
    void canBeClosedTwice() {
        tryAcquire(TEN_A_SECOND, "key", "1");
        store.close();
        store.close();
    }
}
