package io.ratelimit.aop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.ArgumentMatchers.any;
import static org.mockito.Mockito.doReturn;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.verify;
import static org.mockito.Mockito.when;

import io.ratelimit.annotation.RateLimited;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.test.context.bean.override.mockito.MockitoBean;
import org.springframework.test.context.bean.override.mockito.MockitoSpyBean;

/** Mocks and spies of annotated types, some of which would stop the start as beans. */
@SpringBootTest(
        classes = MockedBeanTests.Application.class,
        webEnvironment = SpringBootTest.WebEnvironment.NONE,
        properties = {"ratelimit.limits.one=1/1h", "ratelimit.store=memory", "spring.main.banner-mode=off"})
@ExtendWith(OutputCaptureExtension.class)
class MockedBeanTests {

    @MockitoBean
    private Service mock;

    @MockitoBean
    private FinalService finalMock;

    @MockitoBean
    private FinalKotlinClass kotlinMock;

    @MockitoBean
    private Searching interfaceMock;

    @MockitoBean("unknownMock")
    private UnknownLimit unknownMock;

    @MockitoSpyBean
    private OpenService spy;

    @MockitoSpyBean
    private FinalSpied finalSpy;

    @MockitoSpyBean("unknownSpy")
    private UnknownLimit unknownSpy;

    @Autowired
    private FinalByHand byHand;

    @Test
    void mocksOfAnnotatedTypesStopNoStart(CapturedOutput output) {
        when(mock.find("ann")).thenReturn("mocked");
        when(finalMock.find(any())).thenReturn("mocked");
        when(interfaceMock.find("ann")).thenReturn("mocked");
        when(byHand.find("ann")).thenReturn("mocked");
        for (int call = 0; call < 3; call++) {
            assertThat(mock.find("ann")).isEqualTo("mocked");
            assertThat(finalMock.find("ann")).isEqualTo("mocked");
            assertThat(interfaceMock.find("ann")).isEqualTo("mocked");
            assertThat(byHand.find("ann")).isEqualTo("mocked");
            kotlinMock.call();
        }
        assertThat(output).doesNotContain("has no effect");
    }

    @Test
    void spiesOfAnnotatedTypesStopNoStart() {
        doReturn("spied").when(finalSpy).find("bob");
        assertThat(finalSpy.find("bob")).isEqualTo("spied");
        assertThat(finalSpy.find("ann")).isEqualTo("hits of ann");
        assertThat(unknownSpy).isNotNull();
    }

    @Test
    void aSpyOfABeanThatIsLimitedIsLimited() {
        assertThat(spy.find("ann")).isEqualTo("hits of ann");
        RateLimitAdvisorTests.assertRejected(() -> spy.find("ann"));
        verify(spy).find("ann");
    }

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    @Import({OpenService.class, FinalSpied.class})
    static class Application {

        @Bean
        FinalByHand byHand() {
            return mock(FinalByHand.class);
        }

        @Bean
        UnknownLimit unknownSpy() {
            return new UnknownLimit();
        }
    }

    interface Searching {
        @RateLimited("one")
        String find(String user);
    }

    static class Service {
        @RateLimited(limit = "one", key = "#user")
        public String find(String user) {
            return "hits of " + user;
        }
    }

    static class OpenService {
        @RateLimited(limit = "one", key = "#user")
        public String find(String user) {
            return "hits of " + user;
        }
    }

    static final class FinalService {
        @RateLimited("one")
        public String find(String user) {
            return "hits of " + user;
        }
    }

    static final class FinalSpied {
        @RateLimited("one")
        public String find(String user) {
            return "hits of " + user;
        }
    }

    static final class FinalByHand {
        @RateLimited("one")
        public String find(String user) {
            return "hits of " + user;
        }
    }

    static class UnknownLimit {
        @RateLimited("missing")
        public void call() {}
    }
}
