package io.ratelimit;

import static com.tngtech.archunit.core.domain.properties.CanBeAnnotated.Predicates.annotatedWith;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.methods;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static java.util.Map.entry;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.domain.JavaPackage;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.library.dependencies.SliceAssignment;
import com.tngtech.archunit.library.dependencies.SliceIdentifier;
import io.ratelimit.annotation.RateLimited;
import io.ratelimit.annotation.RateLimits;
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
    private static final String APPLICATIONS = "applications";
    private static final String SPRING_BOOT = "Spring Boot";
    private static final JavaClasses STARTER = new ClassFileImporter()
            .importUrl(RateLimited.class.getProtectionDomain().getCodeSource().getLocation());

    /** The packages that each package may use, and uses. */
    private static final Map<String, Set<String>> ARROWS = Map.of(
            "annotation", Set.of(),
            "expression", Set.of("annotation"),
            "autoconfigure", Set.of(),
            "aop", Set.of("annotation", "expression", "autoconfigure"),
            "http", Set.of("expression"),
            "redis", Set.of("autoconfigure"),
            "metrics", Set.of("autoconfigure", "redis"),
            "actuate", Set.of("aop", "autoconfigure"));

    /** The public types, each with the user that needs it to be public. */
    private static final Map<String, String> PUBLIC_TYPES = Map.ofEntries(
            entry("actuate.RateLimitEndpointAutoConfiguration", SPRING_BOOT),
            entry("actuate.RateLimitHealthAutoConfiguration", SPRING_BOOT),
            entry("actuate.RateLimitsEndpoint", "applications that extend the endpoint for the web"),
            entry("annotation.CostResolver", APPLICATIONS),
            entry("annotation.KeyResolver", APPLICATIONS),
            entry("annotation.LimitResolver", APPLICATIONS),
            entry("annotation.NotRateLimited", APPLICATIONS),
            entry("annotation.RateLimited", APPLICATIONS),
            entry("annotation.RateLimitedCall", APPLICATIONS),
            entry("annotation.RateLimits", APPLICATIONS),
            entry("aop.InvalidRateLimitedException", "applications that test that a mistake is found"),
            entry("aop.RateLimitAopAutoConfiguration", SPRING_BOOT),
            entry("aop.RateLimitAspect", "classes that AspectJ weaves"),
            entry("aop.RateLimitedMethodRegistry", "actuate"),
            entry("autoconfigure.DecisionCounting", "actuate"),
            entry("autoconfigure.InMemoryStoreConfiguration", "redis"),
            entry("autoconfigure.InvalidRateLimitPropertyException", "aop, redis"),
            entry("autoconfigure.RateLimitAutoConfiguration", SPRING_BOOT),
            entry("autoconfigure.RateLimitFeature", "aop, redis"),
            entry("autoconfigure.RateLimitSettings", "aop"),
            entry("autoconfigure.RateLimitStoreCustomizer", "redis, metrics"),
            entry("autoconfigure.StoreAddress", "redis"),
            entry("autoconfigure.UnknownLimitHint", "aop"),
            entry("expression.CallExpression", "aop"),
            entry("expression.CallSnapshot", "aop"),
            entry("expression.CostExpression", "aop"),
            entry("expression.ExpressionCompiler", "aop"),
            entry("expression.ExpressionOrigin", "aop"),
            entry("expression.ExpressionParameters", "aop"),
            entry("expression.InvalidCallException", APPLICATIONS),
            entry("expression.KeyExpression", "aop"),
            entry("expression.UnusableValue", "aop"),
            entry("http.RateLimitExceptionHandler", "applications that import it into a test of one controller"),
            entry("http.RateLimitHttpAutoConfiguration", SPRING_BOOT),
            entry("metrics.RateLimitMetricsAutoConfiguration", SPRING_BOOT),
            entry("redis.RateLimitRedisAutoConfiguration", SPRING_BOOT),
            entry("redis.RedisRateLimitStore", "applications that compose their own store, metrics"));

    @Test
    void packagesUseEachOtherAsTheArrowsSay() {
        Map<String, Set<String>> uses = new TreeMap<>();
        for (JavaClass type : STARTER) {
            Set<String> used = uses.computeIfAbsent(feature(type), feature -> new TreeSet<>());
            targets(type)
                    .filter(target -> STARTER.contain(target.getName()))
                    .map(ArchitectureTests::feature)
                    .filter(target -> !target.equals(feature(type)))
                    .forEach(used::add);
        }
        assertThat(uses).isEqualTo(ARROWS);
    }

    @Test
    void theAnnotationDoesNotNeedTheCore() {
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
    void noFilesUseEachOtherInACircle() {
        slices().assignedFrom(new Files()).should().beFreeOfCycles().check(STARTER);
    }

    @Test
    void everyPublicTypeHasAUser() {
        assertThat(STARTER.stream()
                        .filter(type ->
                                type.isTopLevelClass() && type.getModifiers().contains(JavaModifier.PUBLIC))
                        .map(ArchitectureTests::name))
                .containsExactlyInAnyOrderElementsOf(PUBLIC_TYPES.keySet());
        assertThat(PUBLIC_TYPES).hasSizeLessThanOrEqualTo(37);
    }

    @Test
    void packagesThatAreNamedAsUsersUseTheType() {
        PUBLIC_TYPES.forEach((type, user) -> {
            if (ARROWS.containsKey(user.split(",")[0])) {
                assertThat(STARTER.get(ROOT + type).getDirectDependenciesToSelf().stream()
                                .map(dependency -> feature(dependency.getOriginClass())))
                        .as(type)
                        .contains(user.split(", "));
            }
        });
    }

    @Test
    void publicClassesAreFinal() {
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
    void autoConfigurationsArePublicAndTheirBeanMethodsPackagePrivate() {
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
    void optionalLibrariesAreUsedByTheirAdaptersOnly() {
        String lettuce = "redis\\.(Lettuce(ScriptClient|Settings|Subscriptions)|MonitoredConnection)(\\$.*)?";
        assertOnlyIn(lettuce, "io.lettuce");
        assertOnlyIn(lettuce, "org.springframework.data.redis.connection.lettuce");
        assertOnlyIn("redis\\.SpringDataScriptClient\\$Jedis", "org.springframework.data.redis.connection.jedis");
        assertOnlyIn("redis\\..*", "org.springframework.data");
        assertOnlyIn("metrics\\..*", "io.micrometer");
        assertOnlyIn("http\\.RateLimit(GraphQl.*|HttpAutoConfiguration\\$OfGraphQl)", "org.springframework.graphql");
        assertOnlyIn("aop\\.ThreadContextPropagator\\$Logging", "org.slf4j");
        assertOnlyIn(
                "aop\\.(ReactiveTypeAdapter|FollowedSubscriber|CoroutineAdapter|SuspendFunctionInvoker|EventLoopDetector\\$OfReactor)"
                        + "|aop\\.ContinuationExecutorSelector\\$Reactive|http\\.RateLimitWebExceptionHandler",
                "reactor");
        assertOnlyIn(
                "http\\.(AuthenticationFailureRecorder(\\$.*)?|RateLimitHttpAutoConfiguration\\$OfSecurity)",
                "org.springframework.security");
        assertOnlyIn(
                "aop\\.(ReactiveTypeAdapter|FollowedSubscriber|CoroutineAdapter|SuspendFunctionInvoker)",
                "org.reactivestreams");
        assertOnlyIn("aop\\.EventLoopDetector\\$OfNetty|redis\\.LettuceSettings", "io.netty");
        assertOnlyIn("aop\\.(CoroutineAdapter|SuspendFunctionInvoker|KotlinSignature\\$Reflection)", "kotlin");
        assertOnlyIn("aop\\.(CoroutineAdapter|SuspendFunctionInvoker)", "kotlinx");
        assertOnlyIn("aop\\.RateLimitAspect(\\$Execution)?", "org.aspectj");
        assertOnlyIn("actuate\\..*", "org.springframework.boot.actuate");
        String responses = "http\\..*|aop\\.(LaterResponse(Type|Interceptor)?|RateLimitAopAutoConfiguration\\$OfMvc)";
        assertOnlyIn(responses, "org.springframework.http");
        assertOnlyIn(responses, "org.springframework.web");
        assertOnlyIn(responses, "jakarta.servlet");
    }

    @Test
    void ofTheMetricsOnlyThoseOfRedisUseTheRedisStore() {
        assertOnlyIn(
                "redis\\..*|metrics\\.(RedisStoreMetrics|RateLimitMetricsAutoConfiguration(\\$OfRedis)?)",
                "io.ratelimit.redis");
    }

    @Test
    void everyPackageIsNullMarked() {
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

    /** One slice for each file; an annotation and its container are one. */
    private static final class Files implements SliceAssignment {

        @Override
        public SliceIdentifier getIdentifierOf(JavaClass type) {
            String file = type.getName().replaceAll("\\$.*", "");
            return SliceIdentifier.of(file.equals(RateLimits.class.getName()) ? RateLimited.class.getName() : file);
        }

        @Override
        public String getDescription() {
            return "files";
        }
    }
}
