package io.ratelimit.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.springframework.aot.hint.predicate.RuntimeHintsPredicates.reflection;
import static org.springframework.aot.hint.predicate.RuntimeHintsPredicates.resource;

import io.ratelimit.RateLimitExceededException;
import io.ratelimit.annotation.CostResolver;
import io.ratelimit.annotation.KeyResolver;
import io.ratelimit.annotation.LimitResolver;
import io.ratelimit.annotation.RateLimited;
import io.ratelimit.annotation.RateLimitedCall;
import io.ratelimit.aop.RateLimitAopAutoConfiguration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.springframework.aot.hint.MemberCategory;
import org.springframework.aot.hint.RuntimeHints;
import org.springframework.aot.test.generate.TestGenerationContext;
import org.springframework.boot.autoconfigure.aop.AopAutoConfiguration;
import org.springframework.boot.test.util.TestPropertyValues;
import org.springframework.context.ApplicationContextInitializer;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.context.aot.ApplicationContextAotGenerator;
import org.springframework.context.support.GenericApplicationContext;
import org.springframework.core.test.tools.CompileWithForkedClassLoader;
import org.springframework.core.test.tools.TestCompiler;
import org.springframework.javapoet.ClassName;

@Tag("compatibility")
class AheadOfTimeTests {

    private static final TestPropertyValues LIMITS = TestPropertyValues.of(
            "ratelimit.limits.search=1/h", "ratelimit.limits.answer=1/h", "ratelimit.limits.plan-free=1/h");

    private final TestGenerationContext generation = new TestGenerationContext();

    @Test
    @CompileWithForkedClassLoader
    void anApplicationThatWasProcessedAheadOfTimeIsLimited() {
        ClassName initializer = process();
        TestCompiler.forSystem().with(generation).compile(compiled -> {
            try (GenericApplicationContext context = new GenericApplicationContext()) {
                LIMITS.applyTo(context);
                initialize(
                        compiled.getInstance(ApplicationContextInitializer.class, initializer.canonicalName()),
                        context);
                context.refresh();
                Service service = context.getBean(Service.class);
                service.search(new Query(new User("ann")), 1);
                service.search(new Query(new User("bob")), 1);
                assertThatExceptionOfType(RateLimitExceededException.class)
                        .isThrownBy(() -> service.search(new Query(new User("ann")), 1));
                service.resolved("free", "ann");
                service.resolved("free", "bob");
                assertThatExceptionOfType(RateLimitExceededException.class)
                        .isThrownBy(() -> service.resolved("free", "ann"));
                assertThat(service.answer()).isEqualTo("admitted");
                assertThat(service.answer()).isEqualTo("rejected");
            }
        });
    }

    @Test
    void aNativeImageCanReadWhatExpressionsReadAndRunFallbacks() throws Exception {
        process();
        RuntimeHints hints = generation.getRuntimeHints();
        assertThat(reflection().onMethodInvocation(Query.class.getMethod("user")))
                .accepts(hints);
        assertThat(reflection().onMethodInvocation(User.class.getMethod("name")))
                .accepts(hints);
        assertThat(reflection().onMethodInvocation(Service.class.getDeclaredMethod("rejected")))
                .accepts(hints);
        assertThat(reflection().onType(RateLimited.class).withMemberCategory(MemberCategory.INVOKE_DECLARED_METHODS))
                .accepts(hints);
        assertThat(reflection().onType(PlanOfUser.class)).accepts(hints);
        assertThat(reflection().onType(KeyOfUser.class)).accepts(hints);
        assertThat(reflection().onType(CostOfUser.class)).accepts(hints);
        assertThat(resource().forResource("io/ratelimit/redis/lua/decide.lua")).accepts(hints);
    }

    private ClassName process() {
        try (AnnotationConfigApplicationContext context = new AnnotationConfigApplicationContext()) {
            LIMITS.applyTo(context);
            context.register(
                    AopAutoConfiguration.class,
                    RateLimitAutoConfiguration.class,
                    RateLimitAopAutoConfiguration.class,
                    Service.class,
                    PlanOfUser.class,
                    KeyOfUser.class,
                    CostOfUser.class);
            ClassName initializer = new ApplicationContextAotGenerator().processAheadOfTime(context, generation);
            generation.writeGeneratedContent();
            return initializer;
        }
    }

    @SuppressWarnings("unchecked")
    private static void initialize(ApplicationContextInitializer<?> initializer, GenericApplicationContext context) {
        ((ApplicationContextInitializer<GenericApplicationContext>) initializer).initialize(context);
    }

    public record User(String name) {}

    public record Query(User user) {}

    public static class PlanOfUser implements LimitResolver {

        @Override
        public String limit(RateLimitedCall call) {
            return "plan-" + call.args()[0];
        }
    }

    public static class KeyOfUser implements KeyResolver {

        @Override
        public Object key(RateLimitedCall call) {
            return call.args()[1];
        }
    }

    public static class CostOfUser implements CostResolver {

        @Override
        public Number cost(RateLimitedCall call) {
            return 0.75;
        }
    }

    public static class Service {

        @RateLimited(limitResolver = PlanOfUser.class, keyResolver = KeyOfUser.class, costResolver = CostOfUser.class)
        public void resolved(String plan, String user) {}

        @RateLimited(limit = "search", key = "#query.user.name")
        public void search(Query query, int rows, String... words) {}

        @RateLimited(limit = "answer", fallback = "rejected")
        public String answer() {
            return "admitted";
        }

        private String rejected() {
            return "rejected";
        }
    }
}
