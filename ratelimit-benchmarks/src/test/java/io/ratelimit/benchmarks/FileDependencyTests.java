package io.ratelimit.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/**
 * Checks which types of the published modules are public, and that their files depend on each other in one direction.
 */
class FileDependencyTests {

    /** The circles that are allowed, each of one of three kinds. */
    private static final List<Set<String>> ALLOWED = List.of(
            // A sealed interface with its implementations.
            Set.of(
                    "RateAlgorithm",
                    "TokenBucket",
                    "SlidingWindowLog",
                    "SlidingWindowCounter",
                    "FixedWindow",
                    "ConcurrencyLeases"),
            // A value with the exception that it throws.
            Set.of("Decision", "RateLimitExceededException"),
            // An annotation with its container.
            Set.of("RateLimited", "RateLimits"));

    /**
     * The public types of the test kit, each with the user that needs it; the other modules list theirs by themselves.
     */
    private static final Map<String, String> TEST_KIT = Map.of(
            "DecisionLog", "tests that check the bound of a limit under load",
            "RateLimitStoreContract", "authors of stores extend it",
            "VirtualClock", "tests that set the time of a store",
            "redis.RedisCluster", "tests of a cluster",
            "redis.RedisExtension", "tests that name it in @ExtendWith",
            "redis.RedisSentinels", "tests of a failover",
            "redis.RedisServer", "tests that get it as a parameter",
            "redis.TcpProxy", "tests of a network that fails");

    private static final List<JavaClass> TYPES = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests()).importPackages("io.ratelimit").stream()
                    .filter(type -> !type.getPackageName().equals(FileDependencyTests.class.getPackageName()))
                    .filter(type -> !type.getSimpleName().equals("package-info"))
                    .toList();

    @Test
    void atMostTwoInFiveTypesArePublic() {
        List<JavaClass> types =
                TYPES.stream().filter(JavaClass::isTopLevelClass).toList();
        List<String> published = types.stream()
                .filter(type -> type.getModifiers().contains(JavaModifier.PUBLIC))
                .map(JavaClass::getName)
                .sorted()
                .toList();

        assertThat(types).hasSizeGreaterThan(150);
        assertThat(5 * published.size())
                .as("five times the public types, of which there are %d: %s", published.size(), published)
                .isLessThanOrEqualTo(2 * types.size());
    }

    @Test
    void everyPublicTypeOfTheTestKitHasAUser() {
        String kit = "io.ratelimit.test.";
        assertThat(TYPES.stream()
                        .filter(JavaClass::isTopLevelClass)
                        .filter(type -> type.getModifiers().contains(JavaModifier.PUBLIC))
                        .map(JavaClass::getName)
                        .filter(name -> name.startsWith(kit))
                        .map(name -> name.substring(kit.length())))
                .containsExactlyInAnyOrderElementsOf(TEST_KIT.keySet());
    }

    @Test
    void filesDependOnEachOtherInOneDirection() {
        Map<String, Set<String>> uses = new TreeMap<>();
        for (JavaClass type : TYPES) {
            Set<String> used = uses.computeIfAbsent(file(type), first -> new TreeSet<>());
            for (Dependency dependency : type.getDirectDependenciesFromSelf()) {
                JavaClass target = dependency.getTargetClass().getBaseComponentType();
                if (TYPES.contains(target) && !file(target).equals(file(type))) {
                    used.add(file(target));
                }
            }
        }

        assertThat(Circles.of(uses).stream()
                        .filter(circle -> ALLOWED.stream().noneMatch(kind -> kind.equals(simpleNames(circle))))
                        .map(circle -> describe(circle, uses)))
                .as("files that depend on each other")
                .isEmpty();
    }

    private static String file(JavaClass type) {
        JavaClass outer = type;
        while (outer.getEnclosingClass().isPresent()) {
            outer = outer.getEnclosingClass().get();
        }
        return outer.getName();
    }

    private static Set<String> simpleNames(Set<String> circle) {
        return circle.stream().map(FileDependencyTests::simpleName).collect(Collectors.toSet());
    }

    private static String describe(Set<String> circle, Map<String, Set<String>> uses) {
        return circle.stream()
                .map(file -> "\n  " + simpleName(file) + " -> "
                        + uses.get(file).stream()
                                .filter(circle::contains)
                                .map(FileDependencyTests::simpleName)
                                .collect(Collectors.joining(", ")))
                .collect(Collectors.joining());
    }

    private static String simpleName(String file) {
        return file.substring(file.lastIndexOf('.') + 1);
    }
}
