package io.ratelimit.aop;

import java.util.concurrent.Executor;
import java.util.concurrent.ForkJoinPool;
import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.core.task.TaskDecorator;
import org.springframework.core.task.TaskExecutor;
import org.springframework.core.task.support.CompositeTaskDecorator;
import org.springframework.util.ClassUtils;
import reactor.core.scheduler.Schedulers;

/**
 * Selects the executor on which methods continue after a late decision: the task executor of the application, or else a
 * shared pool.
 */
final class ContinuationExecutorSelector {

    private static final String BOOTS = "applicationTaskExecutor";

    private ContinuationExecutorSelector() {}

    static ContinuationSettings select(ListableBeanFactory beans) {
        return new ContinuationSettings(
                executor(beans),
                new CompositeTaskDecorator(beans.getBeanProvider(TaskDecorator.class)
                        .orderedStream()
                        .toList()));
    }

    private static Executor executor(ListableBeanFactory beans) {
        if (beans.containsBean(BOOTS) && beans.isTypeMatch(BOOTS, Executor.class)) {
            return beans.getBean(BOOTS, Executor.class);
        }
        TaskExecutor only = beans.getBeanProvider(TaskExecutor.class).getIfUnique();
        if (only != null) {
            return only;
        }
        boolean reactor = ClassUtils.isPresent(
                "reactor.core.scheduler.Schedulers", ContinuationExecutorSelector.class.getClassLoader());
        return reactor ? Reactive.executor() : ForkJoinPool.commonPool();
    }

    /** Loaded only if Reactor is on the class path. */
    private static final class Reactive {

        static Executor executor() {
            return Schedulers.boundedElastic()::schedule;
        }
    }
}
