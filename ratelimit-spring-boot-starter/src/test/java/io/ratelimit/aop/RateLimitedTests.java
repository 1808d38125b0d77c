package io.ratelimit.aop;

import static io.ratelimit.aop.LimitedApplication.taken;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ratelimit.EmptyKeyException;
import io.ratelimit.Limit;
import io.ratelimit.RateLimitExceededException;
import io.ratelimit.RateLimiterRegistry;
import io.ratelimit.UnknownLimitException;
import io.ratelimit.annotation.RateLimited;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.springframework.context.ApplicationContext;
import org.springframework.core.annotation.AliasFor;

class RateLimitedTests {

    @Test
    void theLimitIsTheOneNamedDefaultUnlessSaidOtherwise() {
        run((bean, context) -> {
            bean.plain();
            assertThat(taken(context, "default")).isEqualTo(1);
            assertThat(taken(context, "ten")).isZero();
        });
    }

    @Test
    void theLimitIsNamedByLimitOrByValue() {
        run((bean, context) -> {
            bean.byLimit();
            bean.byValue();
            assertThat(taken(context, "ten")).isEqualTo(1);
            assertThat(taken(context, "other")).isEqualTo(1);
            assertThat(taken(context, "default")).isZero();
        });
    }

    @Test
    void aRejectedCallDoesNotRun() {
        run((bean, context) -> {
            bean.single("ann");
            assertThatExceptionOfType(RateLimitExceededException.class)
                    .isThrownBy(() -> bean.single("ann"))
                    .satisfies(ex -> assertThat(ex.getLimit()).isEqualTo("one"))
                    .withMessageNotContaining("ann");
            assertThat(bean.calls()).isEqualTo(1);
        });
    }

    @Test
    void eachKeyHasItsBucket() {
        run((bean, context) -> {
            bean.single("ann");
            bean.single("bob");
            assertThat(taken(context, "one", "ann")).isEqualTo(1);
            assertThat(taken(context, "one", "bob")).isEqualTo(1);
            assertThat(taken(context, "one")).isZero();
        });
    }

    @Test
    void aKeyIsTheTextOfAnyValue() {
        UUID id = UUID.fromString("00000000-0000-0000-0000-00000000002a");
        run((bean, context) -> {
            for (Object key :
                    new Object[] {42, id, TimeUnit.DAYS, Optional.of("inside"), 'c', new StringBuilder("text")}) {
                bean.any(key);
            }
            for (String key : new String[] {"42", id.toString(), "DAYS", "inside", "c", "text"}) {
                assertThat(taken(context, "ten", key)).as(key).isEqualTo(1);
            }
        });
    }

    @Test
    void anArrayCannotBeAKey() {
        run((bean, context) -> assertThatThrownBy(() -> bean.any(new int[] {4711}))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("RateLimitedTests$Bean#any(Object)")
                .hasMessageContaining("key")
                .hasMessageNotContaining("4711"));
    }

    @Test
    void aNullOrBlankKeyIsRejected() {
        run((bean, context) -> {
            for (Object key : new Object[] {null, "", " \t", Optional.empty()}) {
                assertThatThrownBy(() -> bean.any(key)).isInstanceOf(EmptyKeyException.class);
            }
            assertThat(bean.calls()).isEqualTo(0);
        });
    }

    @Test
    void aNullOrBlankKeySharesOneBucketIfConfigured() {
        LimitedApplication.with(Bean.class)
                .withPropertyValues("empty-key=SHARED")
                .run(context -> {
                    Bean bean = context.getBean(Bean.class);
                    bean.any(null);
                    bean.any("  ");
                    assertThat(taken(context, "ten")).isEqualTo(2);
                });
    }

    @Test
    void aCostIsTheLimitsOwnUnlessSaidOtherwise() {
        run((bean, context) -> {
            bean.dear();
            assertThat(taken(context, "dear")).isEqualTo(2.5);
            bean.half();
            assertThat(taken(context, "dear")).isEqualTo(3);
            bean.free();
            assertThat(taken(context, "dear")).isEqualTo(3);
        });
    }

    @Test
    void aCostCanBeAnExpression() {
        run((bean, context) -> {
            bean.report(250);
            assertThat(taken(context, "ten")).isEqualTo(2.5);
        });
    }

    @Test
    void aLimitAppliesIfItsConditionIsTrue() {
        run((bean, context) -> {
            bean.conditional("abc");
            assertThat(taken(context, "ten")).isZero();
            bean.conditional("abcd");
            assertThat(taken(context, "ten")).isEqualTo(1);
            assertThat(bean.calls()).isEqualTo(2);
        });
    }

    @Test
    void aConditionWithoutABooleanValueFailsWithItsNameAndNothingIsCharged() {
        run((bean, context) -> {
            assertThatThrownBy(() -> bean.unsure("perhaps"))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("condition of @RateLimited on " + Bean.class.getName() + "#unsure(Object)");
            assertThat(taken(context, "ten")).isZero();
        });
    }

    @Test
    void aFallbackAnswersInstead() {
        run((bean, context) -> {
            assertThat(bean.withFallback("x")).isEqualTo("real x");
            assertThat(bean.withFallback("x")).isEqualTo("instead x");
        });
    }

    @Test
    void placeholdersAreResolvedInEveryText() {
        LimitedApplication.with(Placeholders.class)
                .withPropertyValues("a.limit=one", "a.key=user", "a.cost=#n", "a.when=#n > 0", "a.fallback=instead")
                .run(context -> {
                    Placeholders bean = context.getBean(Placeholders.class);
                    assertThat(bean.call("ann", 0)).isEqualTo("real");
                    assertThat(taken(context, "one", "ann")).isZero();
                    assertThat(bean.call("ann", 1)).isEqualTo("real");
                    assertThat(taken(context, "one", "ann")).isEqualTo(1);
                    assertThat(bean.call("ann", 1)).isEqualTo("instead");
                });
    }

    @Test
    void severalLimitsAreOneDecisionAndARejectionChargesNone() {
        run((bean, context) -> {
            bean.twice("ann");
            assertThat(taken(context, "ten")).isEqualTo(1);
            assertThatExceptionOfType(RateLimitExceededException.class)
                    .isThrownBy(() -> bean.twice("ann"))
                    .satisfies(ex -> assertThat(ex.getLimit()).isEqualTo("one"));
            assertThat(taken(context, "ten")).isEqualTo(1);
            bean.twice("bob");
            assertThat(taken(context, "ten")).isEqualTo(2);
        });
    }

    @Test
    void anAnnotationComposedOfAnotherPassesItsAttributesOn() {
        run((bean, context) -> {
            bean.composed("ann");
            assertThat(taken(context, "ten", "ann")).isEqualTo(3);
            bean.composedOnce("bob");
            assertThat(taken(context, "other", "bob")).isEqualTo(1);
        });
    }

    @Test
    void switchedOffItAdmitsAndEvaluatesNothing() {
        LimitedApplication.with(Bean.class).withPropertyValues("enabled=false").run(context -> {
            Bean bean = context.getBean(Bean.class);
            for (int i = 0; i < 5; i++) {
                bean.single("ann");
            }
            bean.any(null);
            bean.unsure("perhaps");
            assertThat(taken(context, "one", "ann")).isZero();
        });
    }

    @Test
    void aLimitThatIsRemovedAndDefinedAgainIsUsed() {
        run((bean, context) -> {
            bean.single("ann");
            RateLimiterRegistry registry = context.getBean(RateLimiterRegistry.class);
            registry.remove("one");
            assertThatThrownBy(() -> bean.single("bob")).isInstanceOf(UnknownLimitException.class);
            registry.define(Limit.of("one", "2/h"));
            bean.single("bob");
            bean.single("bob");
            assertThat(bean.calls()).isEqualTo(3);
        });
    }

    private static void run(BeanConsumer test) {
        LimitedApplication.with(Bean.class).run(context -> test.accept(context.getBean(Bean.class), context));
    }

    private interface BeanConsumer {
        void accept(Bean bean, ApplicationContext context);
    }

    @Target({ElementType.METHOD, ElementType.ANNOTATION_TYPE})
    @Retention(RetentionPolicy.RUNTIME)
    @RateLimited(limit = "ten", key = "#id")
    @interface PerId {

        @AliasFor(annotation = RateLimited.class, attribute = "cost")
        double price() default RateLimited.COST_OF_LIMIT;

        @AliasFor(annotation = RateLimited.class, attribute = "limit")
        String of() default "ten";
    }

    @Target(ElementType.METHOD)
    @Retention(RetentionPolicy.RUNTIME)
    @PerId(price = 7)
    @interface PerIdDear {

        @AliasFor(annotation = PerId.class, attribute = "price")
        double value();
    }

    static class Bean {

        private final AtomicInteger calls = new AtomicInteger();

        public int calls() {
            return calls.get();
        }

        @RateLimited
        public void plain() {}

        @RateLimited(limit = "ten")
        public void byLimit() {}

        @RateLimited("other")
        public void byValue() {}

        @RateLimited(limit = "one", key = "#user")
        public void single(String user) {
            calls.incrementAndGet();
        }

        @RateLimited(limit = "ten", key = "#key")
        public void any(Object key) {
            calls.incrementAndGet();
        }

        @RateLimited("dear")
        public void dear() {}

        @RateLimited(limit = "dear", cost = 0.5)
        public void half() {}

        @RateLimited(limit = "dear", cost = 0)
        public void free() {}

        @RateLimited(limit = "ten", costExpression = "#rows / 100.0")
        public void report(int rows) {}

        @RateLimited(limit = "ten", condition = "#query.length() > 3")
        public void conditional(String query) {
            calls.incrementAndGet();
        }

        @RateLimited(limit = "ten", condition = "#flag")
        public void unsure(Object flag) {}

        @RateLimited(limit = "one", fallback = "instead")
        public String withFallback(String text) {
            return "real " + text;
        }

        private String instead(String text) {
            return "instead " + text;
        }

        @RateLimited(limit = "one", key = "#user")
        @RateLimited(limit = "ten")
        public void twice(String user) {}

        @PerIdDear(3)
        public void composed(String id) {}

        @PerId(of = "other")
        public void composedOnce(String id) {}
    }

    static class Placeholders {

        @RateLimited(
                limit = "${a.limit}",
                key = "#${a.key}",
                costExpression = "${a.cost}",
                condition = "${a.when}",
                fallback = "${a.fallback}")
        public String call(String user, int n) {
            return "real";
        }

        String instead(String user, int n) {
            return "instead";
        }
    }
}
