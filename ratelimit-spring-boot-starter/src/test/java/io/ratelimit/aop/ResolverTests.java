package io.ratelimit.aop;

import static io.ratelimit.aop.LimitedApplication.taken;
import static io.ratelimit.aop.RateLimitAdvisorTests.assertRejected;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.ratelimit.EmptyKeyException;
import io.ratelimit.UnknownLimitException;
import io.ratelimit.annotation.CostResolver;
import io.ratelimit.annotation.KeyResolver;
import io.ratelimit.annotation.LimitResolver;
import io.ratelimit.annotation.RateLimited;
import io.ratelimit.annotation.RateLimitedCall;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.math.BigDecimal;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Lazy;
import org.springframework.context.annotation.Primary;
import org.springframework.core.annotation.AliasFor;

/** Beans that give a limit, a key or a cost in place of an expression. */
class ResolverTests {

    private final ApplicationContextRunner application =
            LimitedApplication.with(Service.class, First.class, Second.class, Third.class);

    @Test
    void beansComputeTheLimitTheKeyAndTheCostOfACall() {
        application.run(context -> {
            Service service = context.getBean(Service.class);
            service.call("ten", "ann", 2);
            service.call("ten", "ann", 3);
            service.call("other", "ann", 1);
            assertThat(taken(context, "ten", "ann")).isEqualTo(5);
            assertThat(taken(context, "other", "ann")).isEqualTo(1);
            assertRejected(() -> service.call("ten", "ann", 6));
        });
    }

    @Test
    void itSeesTheTargetTheMethodAndTheArguments() {
        application.run(context -> {
            Service service = context.getBean(Service.class);
            service.call("ten", "ann", 2);
            RateLimitedCall seen = context.getBean(Second.class).seen;
            assertThat(seen.target()).isExactlyInstanceOf(Service.class);
            assertThat(seen.method())
                    .isEqualTo(Service.class.getMethod("call", Object.class, Object.class, Number.class));
            assertThat(seen.args()).containsExactly("ten", "ann", 2);
        });
    }

    @Test
    void anyValueThatOverridesToStringIsAKey() {
        application.run(context -> {
            UUID id = UUID.fromString("00000000-0000-0000-0000-00000000002a");
            context.getBean(Service.class).call("ten", id, 2);
            assertThat(taken(context, "ten", id.toString())).isEqualTo(2);
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> context.getBean(Service.class).call("ten", new String[] {"secret"}, 2))
                    .withMessageContaining(
                            "keyResolver of @RateLimited on " + Service.class.getName() + "#call(Object,Object,Number)")
                    .withMessageContaining(Second.class.getName() + "\" gave an array")
                    .withMessageNotContaining("secret");
        });
    }

    @Test
    void anEmptyKeyIsRejectedOrShared() {
        application.run(context -> {
            assertThatExceptionOfType(EmptyKeyException.class)
                    .isThrownBy(() -> context.getBean(Service.class).call("ten", null, 2));
            assertThatExceptionOfType(EmptyKeyException.class)
                    .isThrownBy(() -> context.getBean(Service.class).call("ten", " ", 2));
            assertThat(taken(context, "ten")).isZero();
        });
        application.withPropertyValues("empty-key=SHARED").run(context -> {
            context.getBean(Service.class).call("ten", null, 2);
            assertThat(taken(context, "ten")).isEqualTo(2);
        });
    }

    @Test
    void aCostOfABeanIsRoundedUpAndRejectedLikeThatOfAnExpression() {
        application.run(context -> {
            Service service = context.getBean(Service.class);
            service.call("ten", "ann", new BigDecimal("1.00000001"));
            assertThat(taken(context, "ten", "ann")).isEqualTo(1.001);
            for (Number cost : new Number[] {null, -1, Double.NaN, Double.POSITIVE_INFINITY}) {
                assertThatIllegalArgumentException()
                        .isThrownBy(() -> service.call("ten", "ann", cost))
                        .withMessageContaining("Invalid costResolver of @RateLimited")
                        .withMessageContaining(Third.class.getName() + "\" gave " + cost)
                        .withMessageContaining("nothing was charged");
            }
            assertThat(taken(context, "ten", "ann")).isEqualTo(1.001);
        });
    }

    @Test
    void anInvalidOrUndefinedNameOfABeanFailsLikeThatOfAnExpression() {
        application.run(context -> {
            Service service = context.getBean(Service.class);
            for (String name : new String[] {null, "", " "}) {
                assertThatIllegalArgumentException()
                        .isThrownBy(() -> service.call(name, "ann", 1))
                        .withMessageContaining("Invalid limitResolver of @RateLimited")
                        .withMessageContaining("return the name of a limit");
            }
            assertThatExceptionOfType(UnknownLimitException.class).isThrownBy(() -> service.call("tenn", "ann", 1));
        });
        application
                .withPropertyValues("unknown-limit=UNLIMITED")
                .run(context -> context.getBean(Service.class).call("tenn", "ann", 1000));
    }

    @Test
    void anExceptionOfABeanReachesTheCallerAndNothingIsCharged() {
        application.run(context -> {
            assertThatExceptionOfType(ClassCastException.class)
                    .isThrownBy(() -> context.getBean(Service.class).call(1, "ann", 1));
            assertThat(context.getBean(Service.class).calls()).isZero();
        });
    }

    @Test
    void theMethodIsListedAsComputingItsLimit() {
        application.run(context -> assertThat(
                        context.getBean(RateLimitedMethodRegistry.class).withComputedLimit())
                .containsExactly(Service.class.getName() + "#call(Object,Object,Number)"));
    }

    @Test
    void ofSeveralBeansThePrimaryOneIsUsed() {
        LimitedApplication.with(OneKey.class, Primaries.class).run(context -> {
            context.getBean(OneKey.class).call();
            assertThat(taken(context, "ten", "primary")).isEqualTo(1);
        });
    }

    @Test
    void aResolverMayDependOnTheBeanWithTheLimitedMethod() {
        LimitedApplication.with(Users.class, KeyOfUsers.class).run(context -> {
            context.getBean(Users.class).find();
            assertThat(taken(context, "ten", "user of Users")).isEqualTo(1);
        });
    }

    @Test
    void aBeanThatIsMadeLaterFindsItsResolvers() {
        LimitedApplication.with(LateBeans.class).run(context -> {
            context.getBean(OneKey.class).call();
            assertThat(taken(context, "ten", "late")).isEqualTo(1);
        });
    }

    @Test
    void aComposedAnnotationPassesAClassOn() {
        LimitedApplication.with(ComposedUse.class, Second.class).run(context -> {
            context.getBean(ComposedUse.class).call("ten", "ann");
            assertThat(taken(context, "ten", "ann")).isEqualTo(1);
        });
    }

    static class First implements LimitResolver {
        @Override
        public String limit(RateLimitedCall call) {
            return (String) call.args()[0];
        }
    }

    static class Second implements KeyResolver {

        RateLimitedCall seen;

        @Override
        public Object key(RateLimitedCall call) {
            seen = call;
            return call.args()[1];
        }
    }

    static class Third implements CostResolver {
        @Override
        public Number cost(RateLimitedCall call) {
            return (Number) call.args()[2];
        }
    }

    static class Service {

        private int calls;

        int calls() {
            return calls;
        }

        @RateLimited(limitResolver = First.class, keyResolver = Second.class, costResolver = Third.class)
        public void call(Object plan, Object user, Number cost) {
            calls++;
        }
    }

    static class OneKey {
        @RateLimited(limit = "ten", keyResolver = KeyResolver.class)
        public void unkeyed() {}

        @RateLimited(limit = "ten", keyResolver = Fixed.class)
        public void call() {}
    }

    record Fixed(String key) implements KeyResolver {
        @Override
        public Object key(RateLimitedCall call) {
            return key;
        }
    }

    @Configuration(proxyBeanMethods = false)
    static class Primaries {
        @Bean
        @Primary
        Fixed primary() {
            return new Fixed("primary");
        }

        @Bean
        Fixed secondary() {
            return new Fixed("secondary");
        }
    }

    static class Users {
        @RateLimited(limit = "ten", keyResolver = KeyOfUsers.class)
        public void find() {}

        public String current() {
            return "user of " + Users.class.getSimpleName();
        }
    }

    static class KeyOfUsers implements KeyResolver {

        private final Users users;

        @Autowired
        KeyOfUsers(Users users) {
            this.users = users;
        }

        @Override
        public Object key(RateLimitedCall call) {
            return users.current();
        }
    }

    @Configuration(proxyBeanMethods = false)
    static class LateBeans {
        @Bean
        @Lazy
        OneKey oneKey() {
            return new OneKey();
        }

        @Bean
        @Lazy
        Fixed fixed() {
            return new Fixed("late");
        }
    }

    @Retention(RetentionPolicy.RUNTIME)
    @RateLimited("ten")
    @interface Keyed {
        @AliasFor(annotation = RateLimited.class, attribute = "keyResolver")
        Class<? extends KeyResolver> by();
    }

    static class ComposedUse {
        @Keyed(by = Second.class)
        public void call(String plan, String user) {}
    }
}
