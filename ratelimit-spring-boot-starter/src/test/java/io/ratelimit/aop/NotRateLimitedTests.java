package io.ratelimit.aop;

import static io.ratelimit.aop.LimitedApplication.taken;
import static io.ratelimit.aop.RateLimitAdvisorTests.assertRejected;
import static org.assertj.core.api.Assertions.assertThat;

import io.ratelimit.annotation.NotRateLimited;
import io.ratelimit.annotation.RateLimited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NotRateLimitedTests {

    @ParameterizedTest
    @ValueSource(classes = {OfClass.class, OfInterface.class, Composed.class, Overriding.class, OfSuperinterface.class})
    void exemptsAMethodFromTheAnnotationOfItsClass(Class<? extends Api> bean) {
        LimitedApplication.with(bean).run(context -> {
            Api api = context.getBean(Api.class);
            api.free();
            api.free();
            assertThat(taken(context, "one")).isZero();
            api.limited();
            assertRejected(api::limited);
            api.free();
            assertThat(context.getBean(RateLimitedMethodRegistry.class).usedBy("one"))
                    .containsExactly(bean.getName() + "#limited()");
        });
    }

    @Test
    void aFinalMethodThatIsExemptIsNoMistake() {
        LimitedApplication.with(FinalExempt.class)
                .run(context -> assertThat(context).hasNotFailed());
    }

    @Test
    void anAnnotationOfTheOverridingMethodReplacesTheExemption() {
        LimitedApplication.with(LimitedAgain.class).run(context -> {
            Api api = context.getBean(Api.class);
            api.free();
            assertRejected(api::free);
        });
    }

    @Test
    void theExemptionOfOneInterfaceDoesNotConcernAnotherOne() {
        LimitedApplication.with(OfTwoInterfaces.class).run(context -> {
            OfTwoInterfaces bean = context.getBean(OfTwoInterfaces.class);
            bean.free();
            assertThat(taken(context, "ten")).isEqualTo(1);
            assertThat(taken(context, "one")).isZero();
        });
    }

    @Test
    void bothAnnotationsOnOneMethodStopTheStart() {
        LimitedApplication.with(Contradictory.class)
                .run(context -> assertThat(LimitedApplication.mistake(context))
                        .hasMessageContaining("Contradictory#call()")
                        .hasMessageContaining("method \"call\": has @NotRateLimited too; keep one of the two"));
    }

    interface Api {
        void limited();

        void free();
    }

    @RateLimited("one")
    static class OfClass implements Api {
        @Override
        public void limited() {}

        @Override
        @NotRateLimited
        public void free() {}
    }

    @RateLimited("one")
    interface LimitedApi extends Api {
        @Override
        void limited();

        @Override
        @NotRateLimited
        void free();
    }

    static class OfInterface implements LimitedApi {
        @Override
        public void limited() {}

        @Override
        public void free() {}
    }

    @Retention(RetentionPolicy.RUNTIME)
    @NotRateLimited
    @interface Free {}

    @RateLimited("one")
    static class Composed implements Api {
        @Override
        public void limited() {}

        @Override
        @Free
        public void free() {}
    }

    static class Overriding extends OfClass {
        @Override
        public void free() {}
    }

    interface SubApi extends LimitedApi {}

    static class OfSuperinterface implements SubApi {
        @Override
        public void limited() {}

        @Override
        public void free() {}
    }

    static class LimitedAgain extends OfClass {
        @Override
        @RateLimited("one")
        public void free() {}
    }

    @RateLimited("ten")
    interface Other {
        void free();
    }

    static class OfTwoInterfaces implements LimitedApi, Other {
        @Override
        public void limited() {}

        @Override
        public void free() {}
    }

    @RateLimited("one")
    static class FinalExempt {
        @NotRateLimited
        public final void free() {}

        public void limited() {}
    }

    static class Contradictory {
        @RateLimited("one")
        @NotRateLimited
        public void call() {}
    }
}
