package io.ratelimit;

import static com.tngtech.archunit.core.domain.properties.CanBeAnnotated.Predicates.annotatedWith;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.methods;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.domain.JavaPackage;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import io.ratelimit.annotation.RateLimited;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.context.annotation.ImportCandidates;
import org.springframework.context.annotation.Bean;

class ArchitectureTests {

    private static final String ROOT = "io.ratelimit.";
    private static final JavaClasses STARTER = new ClassFileImporter()
            .importUrl(RateLimited.class.getProtectionDomain().getCodeSource().getLocation());

    @Test
    void featuresKnowNothingOfEachOtherAndOnlyAutoConfigurationWiresThem() {
        Map<String, Set<String>> uses = new TreeMap<>();
        for (JavaClass type : STARTER) {
            Set<String> used = uses.computeIfAbsent(feature(type), feature -> new TreeSet<>());
            targets(type)
                    .filter(target -> STARTER.contain(target.getName()))
                    .map(ArchitectureTests::feature)
                    .filter(target -> !target.equals(feature(type)))
                    .forEach(used::add);
        }
        assertThat(uses)
                .isEqualTo(Map.of(
                        "annotation", Set.of(),
                        "aop", Set.of("annotation", "expression"),
                        "expression", Set.of("annotation"),
                        "redis", Set.of(),
                        "metrics", Set.of("redis"),
                        "actuate", Set.of(),
                        "http", Set.of(),
                        "autoconfigure", Set.of("actuate", "aop", "http", "metrics", "redis")));
    }

    @Test
    void theAnnotationNeedsNothingOfOurs() {
        assertThat(STARTER.stream()
                        .filter(type -> feature(type).equals("annotation"))
                        .flatMap(ArchitectureTests::targets)
                        .map(JavaClass::getPackageName))
                .isNotEmpty()
                .noneMatch(name -> name.equals("io.ratelimit"));
    }

    @Test
    void hasNoCyclesBetweenPackages() {
        slices().matching("io.ratelimit.(**)").should().beFreeOfCycles().check(STARTER);
    }

    @Test
    void showsWhatUsersHoldAndSpringBootMustSeeAndNothingElse() {
        assertThat(STARTER.stream()
                        .filter(type ->
                                type.isTopLevelClass() && type.getModifiers().contains(JavaModifier.PUBLIC))
                        .map(ArchitectureTests::name))
                .containsExactlyInAnyOrder(
                        "actuate.RateLimitHealthIndicator",
                        "actuate.RateLimitsEndpoint",
                        "annotation.CostResolver",
                        "annotation.KeyResolver",
                        "annotation.LimitResolver",
                        "annotation.RateLimited",
                        "annotation.RateLimitedCall",
                        "annotation.RateLimits",
                        "aop.AdviceSettings",
                        "aop.AspectJRateLimits",
                        "expression.CallExpression",
                        "expression.CallSnapshot",
                        "aop.ContinuationSettings",
                        "expression.CostExpression",
                        "autoconfigure.EmptyKeyPolicy",
                        "expression.ExpressionCompiler",
                        "expression.ExpressionOrigin",
                        "expression.ExpressionParameters",
                        "aop.InvalidRateLimitedException",
                        "expression.KeyExpression",
                        "aop.RateLimitAdvisor",
                        "aop.RateLimitAspect",
                        "aop.RateLimitedBeanPostProcessor",
                        "aop.RateLimitedMethodRegistry",
                        "autoconfigure.UnknownLimitPolicy",
                        "autoconfigure.InMemoryStoreConfiguration",
                        "autoconfigure.InvalidRateLimitPropertyException",
                        "aop.RateLimitAopAutoConfiguration",
                        "autoconfigure.RateLimitAutoConfiguration",
                        "actuate.RateLimitEndpointAutoConfiguration",
                        "autoconfigure.RateLimitFeature",
                        "actuate.RateLimitHealthAutoConfiguration",
                        "metrics.RateLimitMetricsAutoConfiguration",
                        "redis.RateLimitRedisAutoConfiguration",
                        "autoconfigure.RateLimitSettings",
                        "autoconfigure.RateLimitStoreCustomizer",
                        "http.RateLimitHttpAutoConfiguration",
                        "http.RateLimitExceptionHandler",
                        "metrics.MemoryStoreMetrics",
                        "metrics.MeteredStore",
                        "metrics.PrefetchMetrics",
                        "metrics.RateLimitMetrics",
                        "metrics.RedisStoreMetrics",
                        "redis.InvalidRedisSettingException",
                        "redis.RedisRateLimitStore",
                        "redis.RedisSettings");
    }

    @Test
    void nothingPublicIsLeftOpenToInheritanceButInterfaces() {
        classes()
                .that()
                .arePublic()
                .and()
                .areNotInterfaces()
                .should()
                .haveModifier(JavaModifier.FINAL)
                .check(STARTER);
    }

    @Test
    void autoConfigurationsArePublicForSpringBootAndTheirBeanMethodsForNobody() {
        classes()
                .that()
                .areAnnotatedWith(AutoConfiguration.class)
                .should()
                .bePublic()
                .check(STARTER);
        methods()
                .that()
                .areAnnotatedWith(Bean.class)
                .should()
                .bePackagePrivate()
                .check(STARTER);
    }

    @Test
    void springBootFindsEveryAutoConfiguration() {
        assertThat(STARTER.that(annotatedWith(AutoConfiguration.class)).stream().map(JavaClass::getName))
                .isNotEmpty()
                .containsExactlyInAnyOrderElementsOf(StreamSupport.stream(
                                ImportCandidates.load(
                                                AutoConfiguration.class,
                                                getClass().getClassLoader())
                                        .spliterator(),
                                false)
                        .filter(name -> name.startsWith(ROOT))
                        .toList());
    }

    @Test
    void optionalLibrariesStayWhereTheyBelong() {
        String lettuce = "redis\\.(Lettuce(ScriptClient|Settings)|MonitoredConnection)(\\$.*)?";
        assertOnlyIn(lettuce, "io.lettuce");
        assertOnlyIn(lettuce, "org.springframework.data.redis.connection.lettuce");
        assertOnlyIn("redis\\.SpringDataScriptClient\\$Jedis", "org.springframework.data.redis.connection.jedis");
        assertOnlyIn(
                "redis\\..*|autoconfigure\\.(RateLimitRedisAutoConfiguration|ConnectionFactorySelector)",
                "org.springframework.data");
        assertOnlyIn("metrics\\..*|autoconfigure\\.RateLimitMetricsAutoConfiguration(\\$OfRedis)?", "io.micrometer");
        assertOnlyIn("aop\\.ThreadContextPropagator\\$Logging", "org.slf4j");
        assertOnlyIn(
                "aop\\.(ReactiveTypeAdapter|CoroutineAdapter|SuspendFunctionInvoker|EventLoopDetector\\$OfReactor)|autoconfigure\\.ContinuationExecutorSelector\\$Reactive",
                "reactor");
        assertOnlyIn("aop\\.(ReactiveTypeAdapter|CoroutineAdapter|SuspendFunctionInvoker)", "org.reactivestreams");
        assertOnlyIn("aop\\.EventLoopDetector\\$OfNetty|redis\\.LettuceSettings", "io.netty");
        assertOnlyIn("aop\\.(CoroutineAdapter|SuspendFunctionInvoker)", "kotlin");
        assertOnlyIn("aop\\.(CoroutineAdapter|SuspendFunctionInvoker)", "kotlinx");
        assertOnlyIn("aop\\.RateLimitAspect(\\$Execution)?", "org.aspectj");
        assertOnlyIn(
                "actuate\\..*|autoconfigure\\.RateLimitEndpointAutoConfiguration", "org.springframework.boot.actuate");
        assertOnlyIn("http\\..*|autoconfigure\\.RateLimitWebAutoConfiguration", "org.springframework.http");
        assertOnlyIn("http\\..*", "org.springframework.web");
    }

    @Test
    void onlyItsMetersAndWiringKnowTheRedisStore() {
        assertOnlyIn(
                "redis\\..*|metrics\\.RedisStoreMetrics"
                        + "|autoconfigure\\.RateLimit((Redis|Metrics)AutoConfiguration(\\$OfRedis)?|Properties\\$Redis)",
                "io.ratelimit.redis");
    }

    @Test
    void everyPackageSaysThatNothingIsNullUnlessSaidSo() {
        assertThat(STARTER.stream()
                        .map(JavaClass::getPackage)
                        .distinct()
                        .filter(marked -> !marked.isAnnotatedWith(NullMarked.class)))
                .extracting(JavaPackage::getName)
                .isEmpty();
    }

    private static void assertOnlyIn(String places, String library) {
        assertThat(STARTER.stream()
                        .filter(type -> targets(type)
                                .anyMatch(target -> (target.getPackageName() + ".").startsWith(library + ".")))
                        .map(ArchitectureTests::name))
                .as("users of " + library)
                .isNotEmpty()
                .allMatch(name -> name.matches(places));
    }

    private static Stream<JavaClass> targets(JavaClass type) {
        return type.getDirectDependenciesFromSelf().stream()
                .map(Dependency::getTargetClass)
                .map(JavaClass::getBaseComponentType);
    }

    private static String feature(JavaClass type) {
        return type.getPackageName().substring(ROOT.length());
    }

    private static String name(JavaClass type) {
        return type.getName().substring(ROOT.length());
    }
}
