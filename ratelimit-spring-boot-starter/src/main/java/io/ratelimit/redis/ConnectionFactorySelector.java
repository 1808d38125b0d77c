package io.ratelimit.redis;

import io.ratelimit.autoconfigure.InvalidRateLimitPropertyException;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.beans.factory.NoUniqueBeanDefinitionException;
import org.springframework.data.redis.connection.RedisConnectionFactory;

/** Selects the Redis connection factory of the application whose settings the store uses. */
final class ConnectionFactorySelector {

    private static final String PROPERTY = RedisProperties.PREFIX + ".connection-factory";

    private ConnectionFactorySelector() {}

    /**
     * Returns the named factory or, without a name, the only or the primary one.
     *
     * @throws InvalidRateLimitPropertyException if no factory has the name, or if there are several and none is named
     */
    static RedisConnectionFactory select(@Nullable String name, ListableBeanFactory beans) {
        String[] known = beans.getBeanNamesForType(RedisConnectionFactory.class);
        Arrays.sort(known);
        String use = "use " + (known.length == 1 ? "" : "one of ") + String.join(", ", known);
        if (name == null) {
            try {
                return beans.getBean(RedisConnectionFactory.class);
            } catch (NoUniqueBeanDefinitionException ex) {
                throw new InvalidRateLimitPropertyException(
                        PROPERTY,
                        "",
                        "there are several Redis connection factories, and none is named or primary",
                        use);
            }
        }
        if (!beans.containsBean(name) || !beans.isTypeMatch(name, RedisConnectionFactory.class)) {
            throw new InvalidRateLimitPropertyException(
                    PROPERTY, name, "no Redis connection factory has this name", use);
        }
        return beans.getBean(name, RedisConnectionFactory.class);
    }
}
