package io.ratelimit.aop;

import java.util.concurrent.Executor;
import org.springframework.core.task.TaskDecorator;

/**
 * Where a method goes on if its decision came late, on the thread of a store.
 *
 * @param executor runs it
 * @param decorator wraps it on the thread of the call, so that it can take along what is bound to that thread
 */
record ContinuationSettings(Executor executor, TaskDecorator decorator) {}
