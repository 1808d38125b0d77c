package io.ratelimit.test.redis;

import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/**
 * Passes the shared {@link RedisServer} or {@link RedisCluster} of the JVM to tests, and ends it after the last test.
 *
 * <pre>{@code
 * @ExtendWith(RedisExtension.class)
 * class MyStoreTests {
 *     @Test
 *     void decides(RedisServer redis) { … }
 * }
 * }</pre>
 */
public final class RedisExtension implements ParameterResolver {

    /** Creates the extension; called by JUnit. */
    public RedisExtension() {}

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
        Class<?> type = parameter.getParameter().getType();
        return type == RedisServer.class || type == RedisCluster.class;
    }

    @Override
    public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
        ExtensionContext.Store store =
                context.getRoot().getStore(ExtensionContext.Namespace.create(RedisExtension.class));
        return parameter.getParameter().getType() == RedisServer.class
                ? store.computeIfAbsent(RedisServer.class, type -> RedisServer.shared(), RedisServer.class)
                : store.computeIfAbsent(RedisCluster.class, type -> RedisCluster.shared(), RedisCluster.class);
    }
}
