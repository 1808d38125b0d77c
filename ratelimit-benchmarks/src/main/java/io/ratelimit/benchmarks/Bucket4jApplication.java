package io.ratelimit.benchmarks;

import com.giffing.bucket4j.spring.boot.starter.config.aspect.Bucket4jAopConfig;
import com.giffing.bucket4j.spring.boot.starter.config.cache.Bucket4jCacheConfiguration;
import com.giffing.bucket4j.spring.boot.starter.context.RateLimiting;
import io.micrometer.core.instrument.Metrics;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.autoconfigure.aop.AopAutoConfiguration;
import org.springframework.boot.cache.autoconfigure.CacheAutoConfiguration;
import org.springframework.cache.annotation.EnableCaching;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;

/** An application with Bucket4j's annotation, on Caffeine, with meters in the global registry, as its starter does. */
@Configuration(proxyBeanMethods = false)
@EnableCaching
@ImportAutoConfiguration({
    AopAutoConfiguration.class,
    CacheAutoConfiguration.class,
    Bucket4jCacheConfiguration.class,
    Bucket4jAopConfig.class
})
@Import(Bucket4jApplication.Searches.class)
class Bucket4jApplication {

    static Searches open() {
        Metrics.addRegistry(new SimpleMeterRegistry());
        return BenchmarkApplication.bean(
                Searches.class,
                Bucket4jApplication.class,
                "spring.cache.type=jcache",
                "spring.cache.jcache.provider=com.github.benmanes.caffeine.jcache.spi.CaffeineCachingProvider",
                "spring.cache.cache-names=buckets",
                "bucket4j.enabled=true",
                "bucket4j.cache-to-use=jcache",
                "bucket4j.methods[0].name=benchmark",
                "bucket4j.methods[0].cache-name=buckets",
                "bucket4j.methods[0].rate-limit.bandwidths[0].capacity=" + BenchmarkLimit.PLENTY.capacity,
                "bucket4j.methods[0].rate-limit.bandwidths[0].refill-capacity=" + BenchmarkLimit.PLENTY.refill,
                "bucket4j.methods[0].rate-limit.bandwidths[0].time=" + BenchmarkLimit.PLENTY.period.toSeconds(),
                "bucket4j.methods[0].rate-limit.bandwidths[0].unit=seconds");
    }

    /** The bean whose methods are measured. */
    static class Searches {

        @RateLimiting(name = "benchmark", cacheKey = "#userId")
        public String byKey(String userId, SearchRequest request) {
            return userId;
        }
    }
}
