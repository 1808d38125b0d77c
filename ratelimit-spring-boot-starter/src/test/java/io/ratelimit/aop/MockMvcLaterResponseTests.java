package io.ratelimit.aop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.springframework.test.web.servlet.request.MockMvcRequestBuilders.asyncDispatch;
import static org.springframework.test.web.servlet.request.MockMvcRequestBuilders.get;

import io.ratelimit.RateLimiterRegistry;
import io.ratelimit.aop.LaterResponses.Work;
import io.ratelimit.autoconfigure.RateLimitAutoConfiguration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.aop.AopAutoConfiguration;
import org.springframework.boot.test.context.runner.WebApplicationContextRunner;
import org.springframework.context.annotation.Configuration;
import org.springframework.test.web.servlet.MockMvc;
import org.springframework.test.web.servlet.MvcResult;
import org.springframework.test.web.servlet.setup.MockMvcBuilders;
import org.springframework.web.servlet.config.annotation.EnableWebMvc;

/** Tests of applications with {@link MockMvc}, which reports no end of an asynchronous request. */
class MockMvcLaterResponseTests {

    @ParameterizedTest
    @ValueSource(strings = {"/callable", "/deferred", "/stream", "/sse"})
    void aLeaseIsReleasedAfterTheAsynchronousDispatch(String path) {
        new WebApplicationContextRunner()
                .withConfiguration(AutoConfigurations.of(
                        AopAutoConfiguration.class,
                        RateLimitAutoConfiguration.class,
                        RateLimitAopAutoConfiguration.class))
                .withPropertyValues(LaterResponses.PROPERTIES)
                .withUserConfiguration(Mvc.class, LaterResponses.Beans.class)
                .run(context -> {
                    MockMvc mvc = MockMvcBuilders.webAppContextSetup(context).build();
                    for (int call = 0; call < 3; call++) {
                        context.getBean(Work.class).renew();
                        MvcResult begun = mvc.perform(get(path)).andReturn();
                        assertThat(remaining(context.getBean(RateLimiterRegistry.class)))
                                .isZero();
                        context.getBean(Work.class).end().complete("done");
                        begun.getAsyncResult();
                        MvcResult result = mvc.perform(asyncDispatch(begun)).andReturn();
                        assertThat(result.getResponse().getContentAsString()).contains("done");
                        assertThat(remaining(context.getBean(RateLimiterRegistry.class)))
                                .isEqualTo(1);
                    }
                });
    }

    private static double remaining(RateLimiterRegistry registry) {
        return registry.get("single").peek(Work.KEY).remaining();
    }

    @Configuration(proxyBeanMethods = false)
    @EnableWebMvc
    static class Mvc {}
}
