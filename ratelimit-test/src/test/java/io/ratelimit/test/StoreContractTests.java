package io.ratelimit.test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import io.ratelimit.RateLimitStore;
import io.ratelimit.test.FlawedStore.Flaw;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.platform.engine.FilterResult;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.PostDiscoveryFilter;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.junit.platform.launcher.listeners.SummaryGeneratingListener;
import org.junit.platform.launcher.listeners.TestExecutionSummary;

/** The contract accepts a plain store and catches each flaw, by the law that is about it. */
@Tag("slow")
class StoreContractTests {

    private static final String COMPARISON = "randomDecisionsMatchTheReferenceModel()";

    private static volatile Flaw flaw = Flaw.NONE;

    @ParameterizedTest
    @EnumSource(names = "NONE")
    void acceptsAPlainStoreOnAWallClock(Flaw none) {
        TestExecutionSummary summary = run(none, all -> FilterResult.included("all laws"));
        assertThat(summary.getTestsStartedCount()).isGreaterThan(50);
        assertThat(failures(summary)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "REFILLS_A_TICK_TOO_MUCH,               retryAfterIsExactToTheTick,                                        true",
        "ROUNDS_ON_REFUSAL,                     aRejectionChangesNothing,                                          true",
        "ROUNDS_ON_ADMISSION,                   smoothRefillAddsNeitherMoreNorLessThanTheRate,                     true",
        "CHARGES_ONE_BY_ONE,                    consumesFromAllLimitsOrNone,                                       true",
        "HAS_NO_LOCK,                           sixtyFourThreadsConsumeABurstOfTenOnce,                            false",
        "TAKES_TWICE_WHEN_ASYNCHRONOUS,         oneCallOfSevenTokensEqualsSevenCallsOfOneToken,                    false",
        "IGNORES_THE_CASE_OF_KEYS,              keysOfAnySpellingHaveSeparateBuckets,                              false",
        "JOINS_LIMIT_AND_KEY,                   limitsOfAnyNameHaveSeparateBuckets,                                false",
        "FORGETS_NOTHING,                       resettingAnEmptyBucketFillsIt,                                     true",
        "LETS_NO_FREE_CALL_PASS,                aCostOfZeroIsAlwaysAdmitted,                                       true",
        "REFILLS_WHEN_REDEFINED,                aLargerBurstDoesNotRefill,                                         true",
        "WRITES_NO_REFUSAL_WHEN_REDEFINED,      aRaisedRateAppliesFromTheFirstRejection,                           true",
        "WRITES_EVERY_REFUSAL_WHEN_REDEFINED,   rejectionsUnderTwoConfigurationsDoNotKeepABucketEmpty,             true",
        "BRINGS_OLDER_CONFIGURATIONS_BACK,      aRefundUnderAnOlderConfigurationDoesNotRestoreItsRate,             false",
        "CREDITS_TIME_TWICE_WHEN_SET_BACK,      aSmallStepBackOfTheClockPausesTheRefill,                           true",
        "STALLS_WHEN_SET_BACK,                  aLargeStepBackOfTheClockNeitherRefillsNorStopsTheRefill,           true",
        "STARTS_PERIODS_AT_THE_EPOCH,           intervalRefillAddsWholePortionsCountedFromTheFirstCharge,          true",
        "NEVER_WAITS,                           aReservationIsGrantedExactlyAfterItsRetryAfter,                    true",
        "WAITS_TOO_LONG,                        aMaximumWaitThatIsTooShortIsRejectedAndConsumesNothing,            true",
        "TAKES_NOTHING_FOR_A_RESERVATION,       reservationsAreGrantedInOrder,                                     true",
        "DATES_RESERVATIONS_NOW,                reservationsConsumeAsMuchAsCallsAtTheirGrantTimes,                 true",
        "GIVES_NOTHING_BACK,                    refundingAllReservationsRestoresTheBucket,                         true",
        "GIVES_BACK_TWICE,                      aRefundNeverExceedsTheCapacity,                                    true",
        "FORGETS_WHAT_IS_PROMISED,              reservationsAreGrantedInOrder,                                     true",
        "OWES_NOTHING,                          aDebitIncursADebtOfAtMostTheCapacity,                              true",
        "OWES_WITHOUT_BOUND,                    aDebitIncursADebtOfAtMostTheCapacity,                              true",
        "QUEUES_NOBODY,                         queuedCallsAreServedInOrder,                                       true",
        "QUEUES_ANEW_EACH_TIME,                 queuedCallsAreServedInOrder,                                       true",
        "LETS_NOBODY_LEAVE_THE_QUEUE,           aCallThatQueuesReservesNothingOfItsOtherLimits,                    true",
        "LETS_OTHERS_OVERTAKE,                  queuedCallsAreServedInOrder,                                       true",
        "RENEWS_NOTHING,                        aLeaseExpiresExactlyAfterItsLeaseTimeUnlessRenewed,                true",
        "RENEWS_WHAT_RAN_OUT,                   aLeaseExpiresExactlyAfterItsLeaseTimeUnlessRenewed,                true",
        "TELLS_NOBODY_OF_LEASES,                aQueuedCallIsToldWhenItsLeaseIsReady,                              false",
    })
    void catches(Flaw broken, String law, boolean alsoByComparison) {
        Set<String> laws = alsoByComparison ? Set.of(law + "()", COMPARISON) : Set.of(law + "()");
        TestExecutionSummary summary = run(
                broken,
                test -> FilterResult.includedIf(
                        test.isTest() ? laws.contains(test.getDisplayName()) : !test.mayRegisterTests()));
        assertThat(failures(summary)).containsExactlyInAnyOrderElementsOf(laws);
    }

    private static TestExecutionSummary run(Flaw broken, PostDiscoveryFilter filter) {
        flaw = broken;
        SummaryGeneratingListener summary = new SummaryGeneratingListener();
        LauncherDiscoveryRequest request = LauncherDiscoveryRequestBuilder.request()
                .selectors(selectClass(Flawed.class))
                .filters(filter)
                .build();
        LauncherFactory.create().execute(request, summary);
        return summary.getSummary();
    }

    private static List<String> failures(TestExecutionSummary summary) {
        return summary.getFailures().stream()
                .map(failure -> failure.getTestIdentifier().getDisplayName())
                .toList();
    }

    static class Flawed extends RateLimitStoreContract {

        @Override
        protected RateLimitStore createStore(VirtualClock clock) {
            return new FlawedStore(clock, flaw);
        }

        @Override
        protected RateLimitStore createRealTimeStore() {
            return new FlawedStore(System::nanoTime, flaw);
        }

        @Override
        protected boolean ownsWallClock() {
            return true;
        }

        @Override
        protected Duration timeout() {
            return Duration.ofSeconds(flaw == Flaw.NONE ? 60 : 2);
        }

        @Override
        protected int randomDecisions() {
            return 10_000;
        }
    }
}
