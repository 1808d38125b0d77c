package io.ratelimit.aop;

import static io.ratelimit.aop.LimitedApplication.taken;
import static org.assertj.core.api.Assertions.assertThat;

import io.ratelimit.annotation.RateLimited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.time.Duration;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.beans.factory.FactoryBean;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.test.context.TestConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.context.event.ContextRefreshedEvent;
import org.springframework.context.event.EventListener;
import org.springframework.scheduling.annotation.EnableScheduling;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.stereotype.Component;

/** Annotations that would limit the creation of beans. */
@ExtendWith(OutputCaptureExtension.class)
class ConfigurationAnnotationTests {

    @ParameterizedTest
    @ValueSource(
            classes = {
                BeanMethod.class,
                LiteBeanMethod.class,
                StaticBeanMethod.class,
                ComposedBeanMethod.class,
                InheritedBeanMethod.class
            })
    void onABeanMethodTheAnnotationStopsTheStart(Class<?> configuration) {
        LimitedApplication.with(configuration)
                .run(context -> assertThat(LimitedApplication.mistake(context))
                        .hasMessageContaining("#client()")
                        .hasMessageContaining("it is a @Bean method")
                        .hasMessageContaining("how often the bean is created")
                        .hasMessageContaining("annotate the methods of the bean that are called, in Client"));
    }

    @ParameterizedTest
    @ValueSource(
            classes = {
                Annotated.class,
                AnnotatedFull.class,
                AnnotatedTestConfiguration.class,
                AnnotatedSubclass.class,
                AnnotatedByInterface.class,
                Importing.class
            })
    void onAConfigurationTypeTheAnnotationStopsTheStart(Class<?> configuration) {
        LimitedApplication.with(configuration)
                .run(context -> assertThat(LimitedApplication.mistake(context))
                        .hasMessageContaining("the class is a configuration")
                        .hasMessageContaining("annotate the methods of the bean that are called"));
    }

    @Test
    void onAnApplicationClassTheAnnotationStopsTheStart() {
        new ApplicationContextRunner()
                .withUserConfiguration(AnnotatedApplication.class)
                .withPropertyValues("ratelimit.store=memory", "ratelimit.limits.ten=10/1h")
                .run(context -> assertThat(LimitedApplication.mistake(context))
                        .hasMessageContaining("class \"" + AnnotatedApplication.class.getName() + "\"")
                        .hasMessageContaining("the class is a configuration"));
    }

    @ParameterizedTest
    @ValueSource(classes = {FactoryOfClients.class, AnnotatedFactoryOfClients.class})
    void onAFactoryBeanTheAnnotationStopsTheStart(Class<?> factory) {
        LimitedApplication.with(factory)
                .run(context -> assertThat(LimitedApplication.mistake(context))
                        .hasMessageContaining(factory.getName())
                        .hasMessageContaining("would count how often")
                        .hasMessageContaining("annotate the methods of the bean that are called"));
    }

    @Test
    void withAWarningInsteadTheCreationOfBeansIsNotLimited(CapturedOutput output) {
        LimitedApplication.with(BeanMethod.class, Annotated.class)
                .withPropertyValues("ineffective=WARN")
                .run(context -> {
                    assertThat(context).hasNotFailed();
                    assertThat(output).contains("BeanMethod#client() has no effect: it is a @Bean method");
                    assertThat(output).contains("$Annotated has no effect: the class is a configuration");
                    assertThat(taken(context, "ten")).isZero();
                    context.getBean(Annotated.class).call();
                    assertThat(taken(context, "ten")).isZero();
                });
    }

    @Test
    void aScheduledMethodOfAConfigurationClassIsLimited() {
        LimitedApplication.with(Scheduling.class).run(context -> {
            assertThat(context).hasNotFailed();
            Awaitility.await().atMost(Duration.ofSeconds(30)).until(() -> taken(context, "many") > 1);
        });
    }

    @Test
    void anEventListenerOfAConfigurationClassIsLimited() {
        LimitedApplication.with(Listening.class)
                .run(context -> assertThat(taken(context, "ten")).isEqualTo(1));
    }

    @Test
    void aComponentIsLimitedAndTheBeansThatItCreatesAreNotCounted() {
        LimitedApplication.with(Service.class).run(context -> {
            assertThat(context).hasNotFailed().hasSingleBean(Client.class);
            context.getBean(Service.class).call();
            context.getBean(Service.class).client();
            assertThat(taken(context, "ten")).isEqualTo(1);
        });
    }

    static class Client {}

    @Configuration
    static class BeanMethod {
        @Bean
        @RateLimited("ten")
        public Client client() {
            return new Client();
        }
    }

    @Component
    static class LiteBeanMethod {
        @Bean
        @RateLimited("ten")
        Client client() {
            return new Client();
        }
    }

    @Configuration(proxyBeanMethods = false)
    static class StaticBeanMethod {
        @Bean
        @RateLimited("ten")
        static Client client() {
            return new Client();
        }
    }

    @Retention(RetentionPolicy.RUNTIME)
    @Bean
    @RateLimited("ten")
    @interface LimitedBean {}

    @Configuration(proxyBeanMethods = false)
    static class ComposedBeanMethod {
        @LimitedBean
        Client client() {
            return new Client();
        }
    }

    @Configuration(proxyBeanMethods = false)
    static class InheritedBeanMethod extends BeanMethod {}

    @Configuration(proxyBeanMethods = false)
    @RateLimited("ten")
    static class Annotated {
        @Bean
        Client otherClient() {
            return new Client();
        }

        public void call() {}
    }

    @Configuration
    @RateLimited("ten")
    static class AnnotatedFull {}

    @SpringBootApplication(proxyBeanMethods = false, scanBasePackages = "none")
    @RateLimited("ten")
    static class AnnotatedApplication {}

    @TestConfiguration(proxyBeanMethods = false)
    @RateLimited("ten")
    static class AnnotatedTestConfiguration {}

    @Configuration(proxyBeanMethods = false)
    static class AnnotatedSubclass extends Service {}

    @RateLimited("ten")
    interface Limiting {
        default void call() {}
    }

    @Configuration(proxyBeanMethods = false)
    static class AnnotatedByInterface implements Limiting {}

    @Configuration(proxyBeanMethods = false)
    @Import(Annotated.class)
    static class Importing {}

    static class FactoryOfClients implements FactoryBean<Client> {
        @Override
        @RateLimited("ten")
        public Client getObject() {
            return new Client();
        }

        @Override
        public Class<?> getObjectType() {
            return Client.class;
        }
    }

    @RateLimited("ten")
    static class AnnotatedFactoryOfClients implements FactoryBean<Client> {
        @Override
        public Client getObject() {
            return new Client();
        }

        @Override
        public Class<?> getObjectType() {
            return Client.class;
        }
    }

    @Configuration
    @EnableScheduling
    static class Scheduling {

        @Scheduled(fixedDelay = 1)
        @RateLimited("many")
        public void tick() {}
    }

    @Configuration
    static class Listening {

        @EventListener
        @RateLimited("ten")
        public void started(ContextRefreshedEvent event) {}
    }

    @Component
    @RateLimited("ten")
    static class Service {
        public void call() {}

        @Bean
        public Client client() {
            return new Client();
        }
    }
}
