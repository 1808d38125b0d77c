package io.ratelimit.aop;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Method;
import java.util.List;
import org.junit.jupiter.api.Test;

class InvokedMethodsTests {

    private final InvokedMethods methods = new InvokedMethods();

    @Test
    void findsAMethodByEachOfItsEqualObjects() throws NoSuchMethodException {
        Method method = Object.class.getMethod("toString");
        Method equal = Object.class.getMethod("toString");
        MethodAdvice advice = advice();
        assertThat(methods.get(method)).isNull();
        methods.put(method, advice);
        assertThat(equal).isNotSameAs(method);
        assertThat(methods.get(method)).isSameAs(advice);
        assertThat(methods.get(equal)).isSameAs(advice);
    }

    @Test
    void keepsSeveralMethodsApart() throws NoSuchMethodException {
        Method first = Object.class.getMethod("toString");
        Method second = Object.class.getMethod("hashCode");
        MethodAdvice ofFirst = advice();
        MethodAdvice ofSecond = advice();
        methods.put(first, ofFirst);
        methods.put(second, ofSecond);
        assertThat(methods.get(first)).isSameAs(ofFirst);
        assertThat(methods.get(second)).isSameAs(ofSecond);
        assertThat(methods.get(Object.class.getMethod("notify"))).isNull();
    }

    private static MethodAdvice advice() {
        return new MethodAdvice(new RateLimitedMethod("Search#search()", false, List.of()), ValueAdapter.INSTANCE);
    }
}
