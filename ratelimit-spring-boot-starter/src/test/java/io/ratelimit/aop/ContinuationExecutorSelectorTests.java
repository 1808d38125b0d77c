package io.ratelimit.aop;

import static org.assertj.core.api.Assertions.assertThat;

import io.ratelimit.autoconfigure.ReducedClassPath;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.task.TaskExecutionAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.support.GenericApplicationContext;
import org.springframework.core.annotation.Order;
import org.springframework.core.task.TaskDecorator;
import org.springframework.core.task.TaskExecutor;

class ContinuationExecutorSelectorTests {

    private final ApplicationContextRunner runner = new ApplicationContextRunner();

    private static String thread(ListableBeanFactory beans) throws Exception {
        CompletableFuture<String> name = new CompletableFuture<>();
        ContinuationExecutorSelector.select(beans)
                .executor()
                .execute(() -> name.complete(Thread.currentThread().getName()));
        return name.get(10, TimeUnit.SECONDS);
    }

    @Test
    void isTheTaskExecutorOfSpringBoot() {
        runner.withConfiguration(AutoConfigurations.of(TaskExecutionAutoConfiguration.class))
                .withPropertyValues("spring.task.execution.thread-name-prefix=boots-")
                .run(context -> assertThat(thread(context)).startsWith("boots-"));
    }

    @Test
    void isTheBeanOfThatNameEvenIfThereAreOthers() {
        runner.withBean("applicationTaskExecutor", TaskExecutor.class, () -> named("mine"))
                .withBean("other", TaskExecutor.class, () -> named("other"))
                .run(context -> assertThat(thread(context)).isEqualTo("mine"));
    }

    @Test
    void isTheOnlyTaskExecutor() {
        runner.withBean("only", TaskExecutor.class, () -> named("only"))
                .run(context -> assertThat(thread(context)).isEqualTo("only"));
    }

    @Test
    void isThePrimaryTaskExecutor() {
        runner.withBean("one", TaskExecutor.class, () -> named("one"))
                .withBean("two", TaskExecutor.class, () -> named("two"), bean -> bean.setPrimary(true))
                .run(context -> assertThat(thread(context)).isEqualTo("two"));
    }

    @Test
    void isThePoolOfReactorIfTheApplicationLeavesItOpen() {
        runner.withBean("one", TaskExecutor.class, () -> named("one"))
                .withBean("two", TaskExecutor.class, () -> named("two"))
                .run(context -> assertThat(thread(context)).startsWith("boundedElastic-"));
    }

    @Test
    void isTheCommonPoolWithoutReactor() throws Exception {
        try (ReducedClassPath classPath =
                ReducedClassPath.without("reactor-|reactive-streams|lettuce-", "reactor.core.publisher.Mono")) {
            assertThat(classPath.call(NoExecutor.class)).asString().startsWith("ForkJoinPool.commonPool-");
        }
    }

    public static final class NoExecutor implements Callable<String> {

        @Override
        public String call() throws Exception {
            try (var context = new GenericApplicationContext()) {
                context.refresh();
                return thread(context);
            }
        }
    }

    @Test
    void everyTaskDecoratorOfTheApplicationIsRespectedInOrder() {
        List<String> order = new ArrayList<>();
        runner.withBean("second", TaskDecorator.class, () -> new Second(order))
                .withBean("first", TaskDecorator.class, () -> new First(order))
                .run(context -> {
                    ContinuationSettings settings = ContinuationExecutorSelector.select(context);
                    settings.decorator().decorate(() -> order.add("task")).run();
                    assertThat(order).containsExactly("first", "second", "task");
                });
    }

    @Order(1)
    record First(List<String> order) implements TaskDecorator {
        @Override
        public Runnable decorate(Runnable task) {
            order.add("first");
            return task;
        }
    }

    @Order(2)
    record Second(List<String> order) implements TaskDecorator {
        @Override
        public Runnable decorate(Runnable task) {
            order.add("second");
            return task;
        }
    }

    private static TaskExecutor named(String name) {
        Executor executor = task -> new Thread(task, name).start();
        return executor::execute;
    }
}
