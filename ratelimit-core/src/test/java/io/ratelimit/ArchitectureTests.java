package io.ratelimit;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

class ArchitectureTests {

    private final JavaClasses core = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages("io.ratelimit");

    @Test
    void dependsOnNothingButJavaAndItsAnnotations() {
        classes()
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage(
                        "java.lang..",
                        "java.io",
                        "java.math",
                        "java.nio..",
                        "java.security",
                        "java.time..",
                        "java.util..",
                        "javax.crypto..",
                        "org.jspecify.annotations",
                        "io.ratelimit")
                .check(core);
    }

    @Test
    void hasNoCyclesBetweenPackages() {
        slices().matching("io.ratelimit.(**)")
                .should()
                .beFreeOfCycles()
                .allowEmptyShould(true)
                .check(core);
    }

    @Test
    void showsWhatUsersHoldAndStoreAuthorsImplementAndNothingElse() {
        assertThat(core.stream()
                        .filter(type ->
                                type.isTopLevelClass() && type.getModifiers().contains(JavaModifier.PUBLIC))
                        .map(JavaClass::getSimpleName))
                .containsExactlyInAnyOrder(
                        "Algorithm",
                        "CalendarPeriod",
                        "CalendarWindows",
                        "Charge",
                        "ConcurrencyCap",
                        "ConcurrencyLeases",
                        "Decision",
                        "DecisionSource",
                        "EmptyKeyException",
                        "ForwardingRateLimitStore",
                        "InMemoryRateLimitStore",
                        "InvalidLimitException",
                        "LeaseState",
                        "Limit",
                        "Observations",
                        "PendingRefunds",
                        "Permit",
                        "Rate",
                        "RateAlgorithm",
                        "RateLimitExceededException",
                        "RateLimitListener",
                        "RateLimitStore",
                        "RateLimiter",
                        "RateLimiterRegistry",
                        "RateStatus",
                        "Refill",
                        "RemoteRateLimitStore",
                        "StoreFailurePolicy",
                        "StoreUnavailableException",
                        "TimeoutScheduler",
                        "TokenBucket",
                        "Tokens",
                        "UnknownLimitException");
    }

    @Test
    void onlyInterfacesAndTheForwardingStoreCanBeExtended() {
        classes()
                .that()
                .arePublic()
                .and()
                .areNotInterfaces()
                .and()
                .areNotAssignableTo(ForwardingRateLimitStore.class)
                .should()
                .haveModifier(JavaModifier.FINAL)
                .check(core);
    }
}
