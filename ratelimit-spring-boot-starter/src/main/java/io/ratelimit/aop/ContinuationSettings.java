package io.ratelimit.aop;

import java.util.concurrent.Executor;
import org.springframework.core.task.TaskDecorator;

/**
 * Determines how a method continues whose decision came late, on a thread of the store.
 *
 * @param executor runs the method
 * @param decorator wraps the task on the thread of the call, to capture what is bound to that thread
 */
record ContinuationSettings(Executor executor, TaskDecorator decorator) {}
