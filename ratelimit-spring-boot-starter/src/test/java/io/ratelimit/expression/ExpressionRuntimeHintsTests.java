package io.ratelimit.expression;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Method;
import java.net.URL;
import java.net.URLClassLoader;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.springframework.aot.hint.RuntimeHints;
import org.springframework.aot.hint.predicate.RuntimeHintsPredicates;
import org.springframework.core.NativeDetector;

class ExpressionRuntimeHintsTests {

    @Test
    void registersTheRootOfExpressions() throws Exception {
        RuntimeHints hints = new RuntimeHints();
        new ExpressionRuntimeHints().registerHints(hints, getClass().getClassLoader());
        assertThat(RuntimeHintsPredicates.reflection().onMethodInvocation(CallSnapshot.class.getMethod("args")))
                .accepts(hints);
    }

    @Test
    void aNativeImageWhichKnowsNoMethodsTakesEveryValueForAKey() throws Exception {
        String property = "org.graalvm.nativeimage.imagecode";
        URL[] path = {
            KeyFormatter.class.getProtectionDomain().getCodeSource().getLocation(),
            NativeDetector.class.getProtectionDomain().getCodeSource().getLocation(),
            Nullable.class.getProtectionDomain().getCodeSource().getLocation()
        };
        System.setProperty(property, "runtime");
        try (URLClassLoader image = new URLClassLoader(path, ClassLoader.getPlatformClassLoader())) {
            Method isOwn = image.loadClass(KeyFormatter.class.getName()).getDeclaredMethod("isOwn", Class.class);
            isOwn.setAccessible(true);
            assertThat(isOwn.invoke(null, Object.class)).isEqualTo(true);
        } finally {
            System.clearProperty(property);
        }
        assertThat(KeyFormatter.isOwn(Object.class)).isFalse();
    }
}
