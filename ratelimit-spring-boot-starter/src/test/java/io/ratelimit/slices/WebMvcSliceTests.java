package io.ratelimit.slices;

import static org.assertj.core.api.Assertions.assertThat;

import io.ratelimit.RateLimitStore;
import io.ratelimit.memory.InMemoryRateLimitStore;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.webmvc.test.autoconfigure.WebMvcTest;
import org.springframework.http.HttpStatus;
import org.springframework.test.web.servlet.assertj.MockMvcTester;

/** A slice of Spring MVC, in which no Redis is configured although the application keeps its buckets there. */
@Tag("compatibility")
@WebMvcTest(
        controllers = SliceControllers.Search.class,
        properties = {
            "ratelimit.limits.search=2/1h",
            "ratelimit.store=redis",
            "ratelimit.redis.require-at-startup=true",
            "ratelimit.redis.connection-factory=mine"
        })
class WebMvcSliceTests {

    @Autowired
    private MockMvcTester mvc;

    @Autowired
    private RateLimitStore store;

    @Test
    void limitsTheControllerOfAWebMvcTest() {
        assertThat(mvc.get().uri("/search?user=ann")).hasStatusOk().hasBodyTextEqualTo("found");
        assertThat(mvc.get().uri("/search?user=ann")).hasStatusOk();
        assertThat(mvc.get().uri("/search?user=ann"))
                .hasStatus(HttpStatus.TOO_MANY_REQUESTS)
                .containsHeader("Retry-After");
        assertThat(mvc.get().uri("/search?user=bob")).hasStatusOk();
    }

    @Test
    void keepsItsBucketsInMemoryWhateverTheStoreIs() {
        assertThat(store).isInstanceOf(InMemoryRateLimitStore.class);
    }
}
