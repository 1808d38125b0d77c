package io.ratelimit.aop;

import static org.assertj.core.api.Assertions.assertThat;

import io.ratelimit.RateLimitExceededException;
import io.ratelimit.annotation.RateLimited;
import java.io.File;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.springframework.aop.config.AopConfigUtils;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;

class ReactorAbsentTests {

    @Test
    void methodsAreLimitedWithoutReactorAndAspectJ() throws Exception {
        List<URL> urls = new ArrayList<>();
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
            String file = Path.of(entry).getFileName().toString();
            if (!file.startsWith("reactor-") && !file.startsWith("reactive-streams") && !file.startsWith("aspectj")) {
                urls.add(Path.of(entry).toUri().toURL());
            }
        }
        try (URLClassLoader loader =
                new URLClassLoader(urls.toArray(URL[]::new), ClassLoader.getPlatformClassLoader())) {
            Thread.currentThread().setContextClassLoader(loader);
            assertThat(loader.loadClass(Probe.class.getName())
                            .getMethod("answers")
                            .invoke(null))
                    .isEqualTo(List.of("admitted", "refused"));
        } finally {
            Thread.currentThread().setContextClassLoader(getClass().getClassLoader());
        }
    }

    public static final class Probe {

        public static List<String> answers() {
            for (String absent : List.of("reactor.core.publisher.Mono", "org.aspectj.weaver.Advice")) {
                try {
                    Class.forName(absent);
                    throw new AssertionError(absent + " is on the class path");
                } catch (ClassNotFoundException expected) {
                    // As it should be.
                }
            }
            try (var context = new AnnotationConfigApplicationContext()) {
                context.register(LimitedApplication.Wiring.class, Service.class);
                AopConfigUtils.registerAutoProxyCreatorIfNecessary(context.getDefaultListableBeanFactory());
                context.refresh();
                Service service = context.getBean(Service.class);
                return List.of(service.answer(), service.answer());
            }
        }
    }

    public static class Service {

        @RateLimited(limit = "one", fallback = "refused")
        public String answer() {
            return "admitted";
        }

        String refused(RateLimitExceededException refusal) {
            return "refused";
        }
    }
}
