package io.ratelimit.benchmarks;

import java.lang.management.ManagementFactory;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.aopalliance.intercept.MethodInterceptor;
import org.aopalliance.intercept.MethodInvocation;
import org.springframework.aop.support.AopUtils;
import org.springframework.aop.support.DefaultPointcutAdvisor;
import org.springframework.aop.support.StaticMethodMatcherPointcut;
import org.springframework.beans.factory.config.BeanDefinition;
import org.springframework.boot.Banner;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.ComponentScan;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Role;
import org.springframework.data.redis.connection.RedisConnection;
import org.springframework.data.redis.connection.RedisConnectionFactory;

/**
 * Starts an application in a JVM of its own, and prints what it takes.
 *
 * <p>Classes of the starter and of Redis are not referred to where they may be missing.
 */
public final class ApplicationStart {

    private static final double MEGABYTE = 1 << 20;

    private ApplicationStart() {}

    /**
     * Starts the application, and prints the milliseconds of the start, the megabytes of heap after a collection, the
     * number of threads and the number of loaded classes.
     *
     * @param args the {@link ApplicationKind}, and the port of Redis if it needs one
     */
    public static void main(String... args) {
        ApplicationKind kind = ApplicationKind.valueOf(args[0]);
        Map<String, Object> properties = new HashMap<>(Map.of("logging.level.root", "WARN"));
        for (int i = 0; i < kind.limits; i++) {
            properties.put("ratelimit.limits." + GeneratedBeans.limit(i) + ".rates", "10/s");
        }
        if (kind.redis) {
            properties.put("spring.data.redis.port", args[1]);
        }
        if (kind.starter) {
            properties.put("ratelimit.store", kind.redis ? "redis" : "memory");
        }
        List<Class<?>> sources = new ArrayList<>(List.of(Application.class));
        if (kind.beans) {
            sources.add(Beans.class);
        }
        if (kind.hasProxies() && !kind.starter) {
            sources.add(Interceptor.class);
        }
        long begun = System.nanoTime();
        ApplicationContext context = new SpringApplicationBuilder(sources.toArray(Class<?>[]::new))
                .web(WebApplicationType.NONE)
                .bannerMode(Banner.Mode.OFF)
                .logStartupInfo(false)
                .properties(properties)
                .run();
        if (kind.redis) {
            Redis.ping(context);
        }
        double millis = (System.nanoTime() - begun) / 1e6;
        int threads = ManagementFactory.getThreadMXBean().getThreadCount();
        int classes = ManagementFactory.getClassLoadingMXBean().getLoadedClassCount();
        checked(kind, context);
        System.gc();
        double heap = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed() / MEGABYTE;
        System.out.println(millis + " " + heap + " " + threads + " " + classes);
        System.exit(0);
    }

    private static void checked(ApplicationKind kind, ApplicationContext context) {
        boolean starter = context.containsBean("rateLimitRegistry");
        boolean beans = context.containsBean("bean0");
        boolean proxies = beans && AopUtils.isAopProxy(context.getBean("bean0"));
        if (starter != kind.starter || beans != kind.beans || proxies != kind.hasProxies()) {
            throw new IllegalStateException("The application of " + kind + " has starter " + starter + ", beans "
                    + beans + " and proxies " + proxies + ", so the measurement is invalid");
        }
    }

    /** An application as users start it. */
    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    static class Application {}

    /** The generated beans of the application. */
    @Configuration(proxyBeanMethods = false)
    @ComponentScan(GeneratedBeans.PACKAGE)
    static class Beans {}

    /** The least advice of the generated beans. */
    @Configuration(proxyBeanMethods = false)
    static class Interceptor {

        @Bean
        @Role(BeanDefinition.ROLE_INFRASTRUCTURE)
        static DefaultPointcutAdvisor advisorOfGeneratedBeans() {
            StaticMethodMatcherPointcut pointcut = new StaticMethodMatcherPointcut() {
                @Override
                public boolean matches(Method method, Class<?> type) {
                    return type.getName().startsWith(GeneratedBeans.PACKAGE + ".");
                }
            };
            return new DefaultPointcutAdvisor(pointcut, (MethodInterceptor) MethodInvocation::proceed);
        }
    }

    private static final class Redis {

        static void ping(ApplicationContext context) {
            try (RedisConnection connection =
                    context.getBean(RedisConnectionFactory.class).getConnection()) {
                connection.ping();
            }
        }
    }
}
