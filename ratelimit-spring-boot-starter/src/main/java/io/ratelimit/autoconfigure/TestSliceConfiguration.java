package io.ratelimit.autoconfigure;

import org.springframework.context.annotation.Configuration;

/**
 * Marks the context of a test slice such as {@code @WebMvcTest}, which keeps buckets in memory whatever
 * {@code ratelimit.store} says, because it has no connection to a remote store. Only the files of the slices name it.
 */
@Configuration(proxyBeanMethods = false)
final class TestSliceConfiguration {

    TestSliceConfiguration() {}
}
