package io.ratelimit.annotation;

import java.lang.reflect.Method;
import org.jspecify.annotations.Nullable;

/**
 * A call of a limited method, as resolvers and the {@code #root} of expressions see it.
 *
 * <pre>{@code
 * String user = (String) call.args()[0];   // of search("ann", "sofa"): "ann"
 * }</pre>
 */
public interface RateLimitedCall {

    /** {@return the object whose method is called; null for a static method} */
    @Nullable Object target();

    /** {@return the method that is called, of the interface or of the class} */
    Method method();

    /** {@return the arguments in order, which must not be changed; empty if there are none} */
    @Nullable Object[] args();
}
