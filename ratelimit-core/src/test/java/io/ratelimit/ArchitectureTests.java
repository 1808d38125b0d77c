package io.ratelimit;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ArchitectureTests {

    /** The public types, each with the user that needs it. */
    private static final Map<String, String> PUBLIC_TYPES = Map.ofEntries(
            Map.entry("algorithm.Algorithm", "users choose one for a limit"),
            Map.entry("algorithm.CalendarPeriod", "users choose the windows of a limit"),
            Map.entry("algorithm.CalendarWindows", "remote stores ask for the windows of a calendar"),
            Map.entry("algorithm.ConcurrencyCap", "users read it from Limit.concurrency()"),
            Map.entry("algorithm.ConcurrencyLeases", "stores keep leases by it"),
            Map.entry("algorithm.InvalidLimitException", "users get it for a wrong rate or limit"),
            Map.entry("algorithm.LeaseState", "stores return it from renew"),
            Map.entry("algorithm.Observations", "stores carry them from an algorithm to a decision"),
            Map.entry("algorithm.Rate", "users write and read rates"),
            Map.entry("algorithm.RateAlgorithm", "stores call it"),
            Map.entry("algorithm.Refill", "users choose one for a limit"),
            Map.entry("algorithm.TokenBucket", "stores count smooth buckets without an array"),
            Map.entry("algorithm.Tokens", "stores and the starter convert costs"),
            Map.entry("Charge", "users decide several at once; stores consume them"),
            Map.entry("Decision", "users get it"),
            Map.entry("DecisionSource", "users read it from a decision"),
            Map.entry("EmptyKeyException", "users get it for a null or blank key"),
            Map.entry("ForwardingRateLimitStore", "authors of decorators extend it"),
            Map.entry("Limit", "users define it"),
            Map.entry("PendingRefunds", "remote stores track refunds by it"),
            Map.entry("Permit", "users hold it while a call runs"),
            Map.entry("RateLimitExceededException", "users catch it"),
            Map.entry("RateLimitListener", "users implement it"),
            Map.entry("RateLimitStore", "authors of stores implement it"),
            Map.entry("RateLimiter", "users call it"),
            Map.entry("RateLimiterRegistry", "users define limits in it"),
            Map.entry("RateStatus", "users read it from a decision"),
            Map.entry("StoreFailurePolicy", "users choose one for a limit"),
            Map.entry("StoreUnavailableException", "stores throw it"),
            Map.entry("TimeoutScheduler", "remote stores schedule probes by it"),
            Map.entry("UnknownLimitException", "users get it for a name without a limit"),
            Map.entry("UnknownLimitPolicy", "users and the starter choose one for a registry"),
            Map.entry("memory.InMemoryRateLimitStore", "users without Spring create it"),
            Map.entry("remote.RemoteRateLimitStore", "authors of remote stores build it"));

    private static final JavaClasses CORE = new ClassFileImporter()
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
                        "io.ratelimit..")
                .check(CORE);
    }

    @Test
    void packagesKnowOnlyThoseBelowThem() {
        layeredArchitecture()
                .consideringOnlyDependenciesInLayers()
                .layer("memory")
                .definedBy("io.ratelimit.memory")
                .layer("remote")
                .definedBy("io.ratelimit.remote")
                .layer("limits")
                .definedBy("io.ratelimit")
                .layer("algorithm")
                .definedBy("io.ratelimit.algorithm")
                .whereLayer("memory")
                .mayNotBeAccessedByAnyLayer()
                .whereLayer("remote")
                .mayNotBeAccessedByAnyLayer()
                .whereLayer("limits")
                .mayOnlyBeAccessedByLayers("memory", "remote")
                .whereLayer("algorithm")
                .mayOnlyBeAccessedByLayers("limits", "memory", "remote")
                .check(CORE);
        assertThat(CORE.stream().map(JavaClass::getPackageName).distinct())
                .containsExactlyInAnyOrder(
                        "io.ratelimit", "io.ratelimit.algorithm", "io.ratelimit.memory", "io.ratelimit.remote");
    }

    @Test
    void everyPublicTypeHasAUser() {
        assertThat(CORE.stream()
                        .filter(type ->
                                type.isTopLevelClass() && type.getModifiers().contains(JavaModifier.PUBLIC))
                        .map(type -> type.getName().substring("io.ratelimit.".length())))
                .containsExactlyInAnyOrderElementsOf(PUBLIC_TYPES.keySet())
                .hasSizeLessThanOrEqualTo(36);
    }

    @Test
    void atMostSixFilesAskWhetherSomethingIsLeased() {
        assertThat(CORE.stream()
                        .flatMap(type -> type.getMethodCallsFromSelf().stream())
                        .filter(call -> call.getTargetOwner().getPackageName().equals("io.ratelimit")
                                && Set.of("isLeased", "concurrency").contains(call.getName()))
                        .map(call -> call.getOriginOwner().getSource().orElseThrow())
                        .map(source -> source.getFileName().orElseThrow())
                        .distinct())
                .isNotEmpty()
                .hasSizeLessThanOrEqualTo(6);
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
                .check(CORE);
    }
}
