package io.ratelimit.slices;

import static org.assertj.core.api.Assertions.assertThat;

import io.ratelimit.RateLimitStore;
import io.ratelimit.memory.InMemoryRateLimitStore;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.webflux.test.autoconfigure.WebFluxTest;
import org.springframework.http.HttpStatusCode;
import org.springframework.test.web.reactive.server.WebTestClient;

/** A slice of WebFlux, in which no Redis is configured although the application keeps its buckets there. */
@Tag("compatibility")
@WebFluxTest(
        controllers = SliceControllers.ReactiveSearch.class,
        properties = {"ratelimit.limits.search=2/1h", "ratelimit.store=redis"})
class WebFluxSliceTests {

    @Autowired
    private WebTestClient client;

    @Autowired
    private RateLimitStore store;

    @Test
    void limitsTheControllerOfAWebFluxTest() {
        assertThat(status("ann")).isEqualTo(200);
        assertThat(status("ann")).isEqualTo(200);
        assertThat(status("ann")).isEqualTo(429);
        assertThat(status("bob")).isEqualTo(200);
    }

    @Test
    void keepsItsBucketsInMemoryWhateverTheStoreIs() {
        assertThat(store).isInstanceOf(InMemoryRateLimitStore.class);
    }

    private int status(String user) {
        HttpStatusCode status = client.get()
                .uri("/reactive-search?user=" + user)
                .exchange()
                .returnResult(String.class)
                .getStatus();
        return status.value();
    }
}
