package io.ratelimit.aop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.springframework.aot.hint.predicate.RuntimeHintsPredicates.reflection;

import io.ratelimit.annotation.KeyResolver;
import io.ratelimit.annotation.RateLimited;
import io.ratelimit.annotation.RateLimitedCall;
import io.ratelimit.autoconfigure.RateLimitAutoConfiguration;
import java.lang.reflect.Method;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.aot.hint.ExecutableMode;
import org.springframework.aot.hint.RuntimeHints;
import org.springframework.aot.test.generate.TestGenerationContext;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.boot.test.util.TestPropertyValues;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.aot.ApplicationContextAotGenerator;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;

class RateLimitedAotProcessorTests {

    @Test
    void registersWhatSettleReadsOfAResult() throws Exception {
        RuntimeHints hints = hintsOf(Model.class);
        assertThat(invocation(Answer.class, "usage")).accepts(hints);
        assertThat(invocation(Usage.class, "getTokens")).accepts(hints);
        assertThat(reflection().onFieldAccess(Usage.class.getField("images"))).accepts(hints);
        assertThat(invocation(Cost.class, "rounded", int.class)).accepts(hints);
        assertThat(invocation(Later.class, "rows")).accepts(hints);
    }

    @Test
    void registersTheMethodsOfBeansThatExpressionsCall() throws Exception {
        RuntimeHints hints = hintsOf(Search.class, Tenants.class);
        assertThat(invocation(Tenants.class, "current")).accepts(hints);
        assertThat(invocation(Tenant.class, "id")).accepts(hints);
        assertThat(invocation(Tenants.class, "planOf", String.class)).accepts(hints);
        assertThat(invocation(Tenants.class, "isBusy")).accepts(hints);
    }

    @Test
    void registersWhatExpressionsReadOfTheTargetAndOfTheMethod() throws Exception {
        RuntimeHints hints = hintsOf(Region.class);
        assertThat(invocation(Region.class, "getName")).accepts(hints);
        assertThat(invocation(Region.class, "shard", String.class)).accepts(hints);
        assertThat(invocation(Method.class, "getName")).accepts(hints);
    }

    @Test
    void registersWhatExpressionsReadOfArgumentsTheirElementsAndTheContentOfOptionals() throws Exception {
        RuntimeHints hints = hintsOf(Orders.class);
        for (String property : List.of("id", "name", "city", "zip", "phone", "country")) {
            assertThat(invocation(Customer.class, property)).as(property).accepts(hints);
        }
        assertThat(invocation(Map.Entry.class, "getKey")).accepts(hints);
    }

    @Test
    void registersTypesConstructorsAndStaticMembersThatExpressionsName() throws Exception {
        RuntimeHints hints = hintsOf(Statics.class);
        assertThat(invocation(Shards.class, "of", String.class)).accepts(hints);
        assertThat(reflection().onFieldAccess(Shards.class.getField("COUNT"))).accepts(hints);
        assertThat(reflection().onConstructorInvocation(Tenant.class.getConstructor(String.class)))
                .accepts(hints);
        assertThat(reflection().onType(Answer.class)).accepts(hints);
    }

    @Test
    void registersLimitedMethodsResolversAndFailures() throws Exception {
        RuntimeHints hints = hintsOf(Resolved.class, TenantKey.class, Tenants.class, Search.class);
        assertThat(reflection().onType(TenantKey.class)).accepts(hints);
        assertThat(reflection().onType(IllegalStateException.class)).accepts(hints);
        assertThat(invocation(Resolved.class, "find", String.class)).accepts(hints);
        assertThat(invocation(Finder.class, "find", String.class)).accepts(hints);
        assertThat(invocation(Finder.class, "none", String.class)).accepts(hints);
    }

    @Test
    void registersNothingThatExpressionsDoNotReach() throws Exception {
        RuntimeHints hints = hintsOf(Search.class, Tenants.class);
        assertThat(invocation(Tenants.class, "purge")).rejects(hints);
    }

    @Test
    void anInvalidExpressionEndsTheProcessingWithTheMessageOfTheStart() {
        assertThatThrownBy(() -> hintsOf(Misspelt.class))
                .rootCause()
                .isInstanceOf(InvalidRateLimitedException.class)
                .hasMessageContaining("settle \"#result.usge.tokens\"")
                .hasMessageContaining("Answer has no property usge");
    }

    @Test
    void aBeanThatIsMissingIsFoundByTheStart() {
        assertThat(hintsOf(Search.class)).isNotNull();
    }

    @Test
    void aFallbackThatOnlyTheClassBehindADeclaredTypeHasIsFoundByTheStart() {
        RuntimeHints hints = hintsOf(Factory.class);
        assertThat(invocation(Open.class, "call", Customer.class)).accepts(hints);
        assertThat(invocation(Customer.class, "city")).accepts(hints);
    }

    @Test
    @ExtendWith(OutputCaptureExtension.class)
    void aPlaceholderHasTheValueOfTheProcessingOrLeavesItsAttributeOut(CapturedOutput output) throws Exception {
        RuntimeHints hints = hintsOf(Configured.class);
        assertThat(invocation(Customer.class, "city")).accepts(hints);
        assertThat(invocation(Configured.class, "rejected", Customer.class)).accepts(hints);
        assertThat(output)
                .contains("Configured#call(Customer): \"#customer.${undefined}\" has a placeholder without a value");
    }

    private static Predicate<RuntimeHints> invocation(Class<?> type, String method, Class<?>... parameters) {
        return hints -> {
            var hint = hints.reflection().getTypeHint(type);
            return hint != null
                    && hint.methods()
                            .anyMatch(registered -> registered.getName().equals(method)
                                    && registered.getMode() == ExecutableMode.INVOKE
                                    && registered.getParameterTypes().size() == parameters.length);
        };
    }

    private static RuntimeHints hintsOf(Class<?>... beans) {
        TestGenerationContext generation = new TestGenerationContext();
        try (AnnotationConfigApplicationContext context = new AnnotationConfigApplicationContext()) {
            TestPropertyValues.of("property=city", "fallback=rejected").applyTo(context);
            context.register(RateLimitAutoConfiguration.class, RateLimitAopAutoConfiguration.class);
            context.register(beans);
            new ApplicationContextAotGenerator().processAheadOfTime(context, generation);
        }
        return generation.getRuntimeHints();
    }

    public record Answer(Usage usage) {}

    public static class Usage {

        public final int images = 1;

        public int getTokens() {
            return 1;
        }
    }

    public record Later(int rows) {}

    public record Cost(int cents) {

        public int rounded(int digits) {
            return cents;
        }
    }

    public static class Model {

        @RateLimited(cost = 10, settle = "#result.usage.tokens")
        public Answer complete(String prompt) {
            return new Answer(new Usage());
        }

        @RateLimited(cost = 10, settle = "#result.usage.images")
        public Mono<Answer> draw(String prompt) {
            return Mono.empty();
        }

        @RateLimited(cost = 10, settle = "#result.rounded(2)")
        public CompletableFuture<Cost> later(String prompt) {
            return new CompletableFuture<>();
        }

        @RateLimited(cost = 10, settle = "#result.rows")
        public Callable<Later> callable() {
            return () -> new Later(1);
        }
    }

    public record Tenant(String id) {}

    @Component("tenants")
    public static class Tenants {

        public Tenant current() {
            return new Tenant("acme");
        }

        public String planOf(String user) {
            return "default";
        }

        public boolean isBusy() {
            return true;
        }

        public void purge() {}
    }

    public static class Search {

        @RateLimited(
                limitExpression = "@tenants.planOf(#user)",
                key = "@tenants.current().id + ':' + #user",
                condition = "@tenants.busy")
        public void search(String user) {}
    }

    public static class Region {

        public String getName() {
            return "eu";
        }

        public String shard(String user) {
            return user;
        }

        @RateLimited(key = "#root.target.name + #root.method.name")
        public void byName() {}

        @RateLimited(key = "target.shard(#user) + #root.target.nothingThatIsDeclared")
        public void byShard(String user) {}
    }

    public record Customer(String id, String name, String city, String zip, String phone, String country) {}

    public record Order(Customer customer) {}

    public static class Orders {

        @RateLimited(key = "#order.customer.id")
        public void one(Order order) {}

        @RateLimited(key = "#orders.![customer.name]")
        public void all(List<Order> orders) {}

        @RateLimited(key = "#customers.?[city == 'Bonn'].![zip]")
        public void selected(Customer... customers) {}

        @RateLimited(key = "#customer?.phone")
        public void maybe(Optional<Customer> customer) {}

        @RateLimited(key = "#byId['x'].country + #byId.![key]")
        public void mapped(Map<String, Customer> byId) {}
    }

    public static class Shards {

        public static final int COUNT = 3;

        public static String of(String user) {
            return user;
        }
    }

    public static class Statics {

        private static final String NESTED = "io.ratelimit.aop.RateLimitedAotProcessorTests$";

        @RateLimited(
                key = "T(" + NESTED + "Shards).of(#user)",
                costExpression = "T(" + NESTED + "Shards).COUNT",
                condition =
                        "new " + NESTED + "Tenant(#user).id != null and !(#user instanceof T(" + NESTED + "Answer))")
        public void find(String user) {}
    }

    public static class TenantKey implements KeyResolver {

        @Override
        public Object key(RateLimitedCall call) {
            return "acme";
        }
    }

    public interface Finder {

        @RateLimited(keyResolver = TenantKey.class, refundOn = IllegalStateException.class, fallback = "none")
        String find(String name);

        default String none(String name) {
            return "none";
        }
    }

    public static class Resolved implements Finder {

        @Override
        public String find(String name) {
            return name;
        }
    }

    public static class Misspelt {

        @RateLimited(cost = 10, settle = "#result.usge.tokens")
        public Answer complete(String prompt) {
            return new Answer(new Usage());
        }
    }

    public static class Configured {

        @RateLimited(key = "#customer.${property}", condition = "#customer.${undefined}", fallback = "${fallback}")
        public void call(Customer customer) {}

        private void rejected(Customer customer) {}
    }

    public interface Open {

        @RateLimited(key = "#customer.city", fallback = "rejected")
        void call(Customer customer);
    }

    private static final class Hidden implements Open {

        @Override
        public void call(Customer customer) {}

        private void rejected(Customer customer) {}
    }

    @Configuration(proxyBeanMethods = false)
    public static class Factory {

        @Bean
        Open open() {
            return new Hidden();
        }
    }
}
