package io.ratelimit.aop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ratelimit.annotation.RateLimited;
import io.ratelimit.http.RunningApplication;
import jakarta.servlet.Filter;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletResponse;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.annotation.Configuration;
import org.springframework.web.filter.GenericFilterBean;
import org.springframework.web.filter.OncePerRequestFilter;

/** Annotated servlet filters in a running web server. */
@ExtendWith(OutputCaptureExtension.class)
class AnnotatedFilterTests {

    @ParameterizedTest
    @ValueSource(classes = {OnMethod.class, OnClass.class, OncePerRequest.class})
    void anAnnotatedGenericFilterBeanStopsTheStart(Class<?> filter, CapturedOutput output) {
        assertThatThrownBy(() -> start(filter))
                .hasStackTraceContaining("InvalidRateLimitedException")
                .hasStackTraceContaining(filter.getName() + "#")
                .hasStackTraceContaining("its class is a GenericFilterBean, which a proxy of the class breaks")
                .hasStackTraceContaining("move the annotation to a method of another bean, which this one calls");
        assertThat(output).contains("APPLICATION FAILED TO START").contains("The @RateLimited on " + filter.getName());
    }

    @Test
    void withAWarningInsteadTheFilterRunsUnlimited(CapturedOutput output) {
        try (RunningApplication application = start(OnMethod.class, "ratelimit.aop.ineffective=warn")) {
            assertThat(application.get("/").headers().firstValue("Filtered")).hasValue("1");
            assertThat(application.get("/").headers().firstValue("Filtered")).hasValue("2");
        }
        assertThat(output).contains("has no effect: its class is a GenericFilterBean");
    }

    @Test
    void anInterfaceProxyOfAGenericFilterBeanLimitsIt() {
        try (RunningApplication application = start(OnMethod.class, "spring.aop.proxy-target-class=false")) {
            assertThat(application.get("/").headers().firstValue("Filtered")).hasValue("1");
            assertThat(application.get("/").headers().firstValue("Filtered")).isEmpty();
        }
    }

    @Test
    void aFilterThatIsNoGenericFilterBeanIsLimited() {
        try (RunningApplication application = start(Plain.class)) {
            assertThat(application.get("/").headers().firstValue("Filtered")).hasValue("plain");
            assertThat(application.get("/").headers().firstValue("Filtered")).isEmpty();
        }
    }

    private static RunningApplication start(Class<?> filter, String... properties) {
        String[] all = java.util.Arrays.copyOf(properties, properties.length + 2);
        all[properties.length] = "ratelimit.limits.one=1/1h";
        all[properties.length + 1] = "ratelimit.store=memory";
        return RunningApplication.start(WebApplicationType.SERVLET, all, Web.class, filter);
    }

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    static class Web {}

    static class OnMethod extends GenericFilterBean {

        private int calls;

        @Override
        @RateLimited("one")
        public void doFilter(ServletRequest request, ServletResponse response, FilterChain chain)
                throws IOException, ServletException {
            ((HttpServletResponse) response).setHeader("Filtered", Integer.toString(++calls));
            chain.doFilter(request, response);
        }
    }

    @RateLimited("one")
    static class OnClass extends GenericFilterBean {

        @Override
        public void doFilter(ServletRequest request, ServletResponse response, FilterChain chain)
                throws IOException, ServletException {
            chain.doFilter(request, response);
        }
    }

    static class OncePerRequest extends OncePerRequestFilter {

        @Override
        @RateLimited("one")
        protected void doFilterInternal(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
                throws IOException, ServletException {
            chain.doFilter(request, response);
        }
    }

    static class Plain implements Filter {

        @Override
        @RateLimited("one")
        public void doFilter(ServletRequest request, ServletResponse response, FilterChain chain)
                throws IOException, ServletException {
            ((HttpServletResponse) response).setHeader("Filtered", "plain");
            chain.doFilter(request, response);
        }
    }
}
