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

/** The contract accepts a correct store, and each flaw fails the test that is about it. */
@Tag("slow")
class StoreContractTests {

    private static final String COMPARISON = "randomDecisionsMatchTheReferenceModel()";

    private static volatile Flaw flaw = Flaw.NONE;

    @ParameterizedTest
    @EnumSource(names = "NONE")
    void acceptsACorrectStoreOnAWallClock(Flaw none) {
        TestExecutionSummary summary = run(none, all -> FilterResult.included("all tests"));
        assertThat(summary.getTestsStartedCount()).isGreaterThan(50);
        assertThat(failures(summary)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "REFILLS_A_TICK_TOO_MUCH,               retryAfterIsExactToTheTick,                                        true",
        "ROUNDS_ON_REJECTION,                     aRejectionChangesNothing,                                          true",
        "ROUNDS_ON_ADMISSION,                   smoothRefillAddsNeitherMoreNorLessThanTheRate,                     true",
        "CHARGES_ONE_BY_ONE,                    consumesFromAllLimitsOrNone,                                       true",
        "HAS_NO_LOCK,                           sixtyFourThreadsConsumeABurstOfTenOnce,                            false",
        "CONSUMES_TWICE_WHEN_ASYNCHRONOUS,         oneCallOfSevenTokensEqualsSevenCallsOfOneToken,                    false",
        "IGNORES_THE_CASE_OF_KEYS,              keysOfAnySpellingHaveSeparateBuckets,                              false",
        "JOINS_LIMIT_AND_KEY,                   limitsOfAnyNameHaveSeparateBuckets,                                false",
        "IGNORES_RESETS,                       resettingAnEmptyBucketFillsIt,                                     true",
        "REMOVES_LIMITS_BY_PREFIX,             removingALimitChangesNoBucketOfAnother,                            false",
        "KEEPS_THE_SHARED_BUCKET_OF_A_REMOVED_LIMIT, allBucketsOfARemovedLimitAreFullOrAsBefore,                  false",
        "LOSES_THE_LEASES_OF_A_REMOVED_LIMIT,   aCallEndsAfterTheRemovalOfItsLimit,                                false",
        "REJECTS_A_COST_OF_ZERO,                aCostOfZeroIsAlwaysAdmitted,                                       true",
        "REFILLS_WHEN_REDEFINED,                aLargerBurstDoesNotRefill,                                         true",
        "WRITES_NO_REJECTION_WHEN_REDEFINED,      aRaisedRateAppliesFromTheFirstRejection,                           true",
        "WRITES_EVERY_REJECTION_WHEN_REDEFINED,   rejectionsUnderTwoConfigurationsDoNotKeepABucketEmpty,             true",
        "RESTORES_OLDER_CONFIGURATIONS,      aRefundUnderAnOlderConfigurationDoesNotRestoreItsRate,             false",
        "CREDITS_TIME_TWICE_WHEN_SET_BACK,      aSmallStepBackOfTheClockPausesTheRefill,                           true",
        "STALLS_WHEN_SET_BACK,                  aLargeStepBackOfTheClockNeitherRefillsNorStopsTheRefill,           true",
        "STARTS_PERIODS_AT_THE_EPOCH,           intervalRefillAddsWholePortionsCountedFromTheFirstCharge,          true",
        "NEVER_WAITS,                           aReservationIsGrantedExactlyAfterItsRetryAfter,                    true",
        "WAITS_TOO_LONG,                        aMaximumWaitThatIsTooShortIsRejectedAndConsumesNothing,            true",
        "CONSUMES_NOTHING_FOR_A_RESERVATION,       reservationsAreGrantedInOrder,                                     true",
        "DATES_RESERVATIONS_NOW,                reservationsConsumeAsMuchAsCallsAtTheirGrantTimes,                 true",
        "IGNORES_REFUNDS,                    refundingAllReservationsRestoresTheBucket,                         true",
        "REFUNDS_TWICE,                      aRefundNeverExceedsTheCapacity,                                    true",
        "FORGETS_RESERVATIONS,              reservationsAreGrantedInOrder,                                     true",
        "IGNORES_DEBITS,                          aDebitIncursADebtOfAtMostTheCapacity,                              true",
        "DEBITS_WITHOUT_BOUND,                    aDebitIncursADebtOfAtMostTheCapacity,                              true",
        "NEVER_QUEUES,                         queuedCallsAreServedInOrder,                                       true",
        "QUEUES_AT_THE_END_EACH_TIME,                 queuedCallsAreServedInOrder,                                       true",
        "NEVER_LEAVES_THE_QUEUE,           aCallThatQueuesReservesNothingOfItsOtherLimits,                    true",
        "LETS_CALLS_OVERTAKE,                  queuedCallsAreServedInOrder,                                       true",
        "IGNORES_RENEWALS,                        aLeaseExpiresExactlyAfterItsLeaseTimeUnlessRenewed,                true",
        "RENEWS_EXPIRED_LEASES,                   aLeaseExpiresExactlyAfterItsLeaseTimeUnlessRenewed,                true",
        "NEVER_TELLS_OF_LEASES,                aQueuedCallIsToldWhenItsLeaseIsReady,                              false",
    })
    void failsAStoreWithAFlaw(Flaw broken, String test, boolean alsoByComparison) {
        Set<String> expected = alsoByComparison ? Set.of(test + "()", COMPARISON) : Set.of(test + "()");
        TestExecutionSummary summary = run(
                broken,
                descriptor -> FilterResult.includedIf(
                        descriptor.isTest()
                                ? expected.contains(descriptor.getDisplayName())
                                : !descriptor.mayRegisterTests()));
        assertThat(failures(summary)).containsExactlyInAnyOrderElementsOf(expected);
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
