package io.ratelimit.slices;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.ratelimit.aop.InvalidRateLimitedException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.boot.webflux.test.autoconfigure.WebFluxTest;
import org.springframework.boot.webmvc.test.autoconfigure.WebMvcTest;
import org.springframework.context.ApplicationContext;
import org.springframework.test.context.TestContextManager;

/** Tests of applications that miss a limit. */
@ExtendWith(OutputCaptureExtension.class)
class MissingLimitInTestTests {

    @Test
    void aMisspeltLimitStopsAWebMvcTest(CapturedOutput output) {
        assertThat(failureOf(MisspeltInWebMvc.class))
                .isInstanceOf(InvalidRateLimitedException.class)
                .hasMessageContaining("did you mean \"search\"?");
        assertThat(output).contains("APPLICATION FAILED TO START", "Misspelt#search()", "Did you mean \"search\"?");
    }

    @Test
    void aMisspeltLimitStopsAWebFluxTest() {
        assertThat(failureOf(MisspeltInWebFlux.class))
                .isInstanceOf(InvalidRateLimitedException.class)
                .hasMessageContaining("did you mean \"search\"?");
    }

    @Test
    void theFailureHintsAtTheConfigurationOfTheTestThatReplacesTheMainOne(CapturedOutput output) {
        String hint = "In a test, an application.yml in src/test/resources replaces the one in src/main/resources";

        assertThat(failureOf(WithoutLimits.class)).hasMessageContaining(hint);
        assertThat(output.toString().substring(output.toString().indexOf("APPLICATION FAILED TO START")))
                .contains(hint, "set ratelimit.enabled=false");
    }

    @Test
    void theFailureOfACodedLimitHintsAtItToo(CapturedOutput output) {
        failureOf(CodedLimit.class);

        assertThat(output.toString().substring(output.toString().indexOf("APPLICATION FAILED TO START")))
                .contains("The limit \"coded\" is not defined", "In a test, an application.yml in src/test/resources");
    }

    @Test
    void aSwitchedOffTestStartsWithoutLimits() throws Exception {
        assertThat(start(SwitchedOff.class)
                        .getBean(SliceControllers.Misspelt.class)
                        .search())
                .isEqualTo("found");
    }

    @Test
    void aBeanOfAKeyThatASliceDoesNotHaveStopsItUnlessLimitingIsSwitchedOff() {
        assertThat(failureOf(WithoutTenants.class)).hasMessageContaining("there is no bean named tenants");
        assertThat(start(SwitchedOffWithoutTenants.class)
                        .getBean(SliceControllers.OfTenant.class)
                        .search())
                .isEqualTo("found");
    }

    private static Throwable failureOf(Class<?> test) {
        Throwable failure = catchThrowable(() -> start(test));
        assertThat(failure).isNotNull();
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof InvalidRateLimitedException) {
                return cause;
            }
        }
        return failure;
    }

    private static ApplicationContext start(Class<?> test) {
        return new TestContextManager(test).getTestContext().getApplicationContext();
    }

    @WebMvcTest(controllers = SliceControllers.Misspelt.class, properties = "ratelimit.limits.search=2/1h")
    static class MisspeltInWebMvc {}

    @WebFluxTest(controllers = SliceControllers.Misspelt.class, properties = "ratelimit.limits.search=2/1h")
    static class MisspeltInWebFlux {}

    @WebMvcTest(controllers = SliceControllers.Search.class)
    static class WithoutLimits {}

    @SpringBootTest(classes = CodedLimitApplication.class, properties = "ratelimit.store=memory")
    static class CodedLimit {}

    @WebMvcTest(controllers = SliceControllers.Misspelt.class, properties = "ratelimit.enabled=false")
    static class SwitchedOff {}

    @WebMvcTest(controllers = SliceControllers.OfTenant.class, properties = "ratelimit.limits.search=2/1h")
    static class WithoutTenants {}

    @WebMvcTest(controllers = SliceControllers.OfTenant.class, properties = "ratelimit.enabled=false")
    static class SwitchedOffWithoutTenants {}
}
