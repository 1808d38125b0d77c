package io.ratelimit.aop;

import static io.ratelimit.aop.LimitedApplication.taken;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.ratelimit.EmptyKeyException;
import io.ratelimit.annotation.RateLimited;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

/** Keys that are concatenated of parts, one of which is null. */
class NullKeyPartTests {

    private final ApplicationContextRunner application = LimitedApplication.with(Shop.class);

    @Test
    void aNullPartOfAConcatenationIsAnEmptyKey() {
        application.run(context -> {
            Shop shop = context.getBean(Shop.class);
            assertThatExceptionOfType(EmptyKeyException.class).isThrownBy(() -> shop.joined(null, "b"));
            assertThatExceptionOfType(EmptyKeyException.class).isThrownBy(() -> shop.joined("a", null));
            assertThatExceptionOfType(EmptyKeyException.class).isThrownBy(() -> shop.joined(null, null));
            assertThat(shop.calls).isZero();
            assertThat(taken(context, "ten", "null:b")).isZero();
            shop.joined("a", "b");
            assertThat(taken(context, "ten", "a:b")).isOne();
        });
    }

    @Test
    void callsWithANullPartShareABucketIfConfigured() {
        application.withPropertyValues("empty-key=SHARED").run(context -> {
            Shop shop = context.getBean(Shop.class);
            shop.joined(null, "b");
            shop.joined("a", null);
            assertThat(taken(context, "ten")).isEqualTo(2);
            assertThat(taken(context, "ten", "null:b")).isZero();
        });
    }

    @Test
    void theSecondTimeAndTheThousandthTimeAreTheSame() {
        application.run(context -> {
            Shop shop = context.getBean(Shop.class);
            for (int i = 0; i < 1_000; i++) {
                shop.often("a", "b");
                assertThatExceptionOfType(EmptyKeyException.class).isThrownBy(() -> shop.often("a", null));
            }
            assertThat(taken(context, "many", "a:b")).isEqualTo(1_000);
        });
    }

    @Test
    void elvisGivesANullPartADefault() {
        application.run(context -> {
            Shop shop = context.getBean(Shop.class);
            shop.byDefault(null, "b");
            shop.byDefault("a", "b");
            assertThat(taken(context, "ten", "none:b")).isOne();
            assertThat(taken(context, "ten", "a:b")).isOne();
        });
    }

    @Test
    void elvisGivesAWholeConcatenationADefault() {
        application.run(context -> {
            Shop shop = context.getBean(Shop.class);
            shop.wholeByDefault(null, "b");
            shop.wholeByDefault("a", "b");
            assertThat(taken(context, "ten", "none")).isOne();
            assertThat(taken(context, "ten", "ab")).isOne();
        });
    }

    @Test
    void aNullPartIsFoundInTheChosenBranchOnly() {
        application.run(context -> {
            Shop shop = context.getBean(Shop.class);
            shop.chosen(true, null);
            assertThat(taken(context, "ten", "all")).isOne();
            assertThatExceptionOfType(EmptyKeyException.class).isThrownBy(() -> shop.chosen(false, null));
            shop.chosen(false, "a");
            assertThat(taken(context, "ten", "user:a")).isOne();
        });
    }

    @Test
    void aNullPartIsFoundBeforeAMethodOfTheTextIsCalled() {
        application.run(context -> {
            Shop shop = context.getBean(Shop.class);
            assertThatExceptionOfType(EmptyKeyException.class).isThrownBy(() -> shop.lower("A", null));
            assertThatExceptionOfType(EmptyKeyException.class).isThrownBy(() -> shop.replaced("A", null));
            for (int i = 0; i < 200; i++) {
                shop.lower("A", "B");
                shop.replaced("A", "B");
            }
            assertThat(taken(context, "many", "a:b")).isEqualTo(200);
            assertThat(taken(context, "many", "A-A:B")).isEqualTo(200);
        });
    }

    @Test
    void numbersAreAddedBeforeTheyAreConcatenated() {
        application.run(context -> {
            Shop shop = context.getBean(Shop.class);
            shop.numbers(1, 2L, "x");
            assertThat(taken(context, "ten", "3:x1")).isOne();
            shop.sum(1, 2L);
            assertThat(taken(context, "ten", "3")).isOne();
        });
    }

    @Test
    void partsOfUndeclaredTypesAreAddedOrConcatenatedAsTheyComeOut() {
        application.run(context -> {
            Shop shop = context.getBean(Shop.class);
            shop.any(1, 2);
            shop.any("a", 2);
            assertThat(taken(context, "ten", "3")).isOne();
            assertThat(taken(context, "ten", "a2")).isOne();
            assertThatExceptionOfType(EmptyKeyException.class).isThrownBy(() -> shop.any("a", null));
            assertThatExceptionOfType(EmptyKeyException.class).isThrownBy(() -> shop.any(null, "b"));
        });
    }

    @Test
    void propertiesMethodsAndArgumentsOfTheCallAreParts() {
        application.run(context -> {
            Shop shop = context.getBean(Shop.class);
            shop.ofUser(new User("acme", 7));
            assertThat(taken(context, "ten", "ofUser/acme/7")).isOne();
            assertThatExceptionOfType(EmptyKeyException.class).isThrownBy(() -> shop.ofUser(new User(null, 7)));
            assertThatExceptionOfType(EmptyKeyException.class).isThrownBy(() -> shop.ofUser(null));
        });
    }

    @Test
    void anEmptyOptionalIsANullPart() {
        application.run(context -> {
            Shop shop = context.getBean(Shop.class);
            assertThatExceptionOfType(EmptyKeyException.class).isThrownBy(() -> shop.optional(Optional.empty(), "b"));
            shop.optional(Optional.of("a"), "b");
            assertThat(taken(context, "ten", "a:b")).isOne();
        });
    }

    @Test
    void aNullElementOfACollectionIsANullPart() {
        application.run(context -> {
            Shop shop = context.getBean(Shop.class);
            assertThatExceptionOfType(EmptyKeyException.class).isThrownBy(() -> shop.listed(null, "ann"));
            assertThatExceptionOfType(EmptyKeyException.class)
                    .isThrownBy(() -> shop.listed(List.of(Optional.empty()), "ann"));
            assertThatExceptionOfType(EmptyKeyException.class).isThrownBy(() -> shop.listed(null, null));
            assertThatExceptionOfType(EmptyKeyException.class).isThrownBy(() -> shop.mapped(null, "ann"));
            assertThatExceptionOfType(EmptyKeyException.class).isThrownBy(() -> shop.listedAndJoined(null, "ann"));
            assertThatExceptionOfType(EmptyKeyException.class)
                    .isThrownBy(() -> shop.arrayJoined(new String[] {"a", null}));
            shop.listed("a", "ann");
            shop.mapped("a", "ann");
            shop.listedAndJoined("a", "ann");
            shop.arrayJoined(new String[] {"a", "b"});
            assertThat(taken(context, "ten", "[a, ann]")).isOne();
            assertThat(taken(context, "ten", "{tenant=a, user=ann}")).isOne();
            assertThat(taken(context, "ten", "of:a,ann")).isOne();
            assertThat(taken(context, "ten", "of:a,b")).isOne();
        });
    }

    @Test
    void anEmptyTextIsAPartLikeAnyOther() {
        application.run(context -> {
            context.getBean(Shop.class).joined("", "b");
            assertThat(taken(context, "ten", ":b")).isOne();
        });
    }

    public record User(@Nullable String tenant, long id) {}

    public static class Shop {

        int calls;

        @RateLimited(limit = "ten", key = "#a + ':' + #b")
        public void joined(@Nullable String a, @Nullable String b) {
            calls++;
        }

        @RateLimited(limit = "ten", key = "{#a, #b}")
        public void listed(@Nullable Object a, @Nullable String b) {}

        @RateLimited(limit = "ten", key = "{tenant: #a, user: #b}")
        public void mapped(@Nullable String a, @Nullable String b) {}

        @RateLimited(limit = "ten", key = "'of:' + {#a, #b}")
        public void listedAndJoined(@Nullable String a, @Nullable String b) {}

        @RateLimited(limit = "ten", key = "'of:' + #all")
        public void arrayJoined(@Nullable String[] all) {}

        @RateLimited(limit = "many", key = "#a + ':' + #b")
        public void often(@Nullable String a, @Nullable String b) {}

        @RateLimited(limit = "ten", key = "(#a ?: 'none') + ':' + #b")
        public void byDefault(@Nullable String a, @Nullable String b) {}

        @RateLimited(limit = "ten", key = "(#a + #b) ?: 'none'")
        public void wholeByDefault(@Nullable String a, @Nullable String b) {}

        @RateLimited(limit = "ten", key = "#all ? 'all' : 'user:' + #user")
        public void chosen(boolean all, @Nullable String user) {}

        @RateLimited(limit = "many", key = "(#a + ':' + #b).toLowerCase()")
        public void lower(@Nullable String a, @Nullable String b) {}

        @RateLimited(limit = "many", key = "('x' + ':' + #b).replace('x', #a + '-' + #a)")
        public void replaced(String a, @Nullable String b) {}

        @RateLimited(limit = "ten", key = "#i + #l + ':' + #text + #i")
        public void numbers(int i, long l, @Nullable String text) {}

        @RateLimited(limit = "ten", key = "#i + #l")
        public void sum(int i, long l) {}

        @RateLimited(limit = "ten", key = "#a + #b")
        public void any(@Nullable Object a, @Nullable Object b) {}

        @RateLimited(limit = "ten", key = "#root.method.name + '/' + (#user?.tenant()) + '/' + #user.id")
        public void ofUser(@Nullable User user) {}

        @RateLimited(limit = "ten", key = "#a + ':' + #b")
        public void optional(Optional<String> a, String b) {}
    }
}
