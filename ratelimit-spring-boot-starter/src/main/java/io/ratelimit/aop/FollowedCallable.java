package io.ratelimit.aop;

import java.lang.ref.Cleaner.Cleanable;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * The result of an admitted call that is computed outside of a request. The call ends when the computation has run, or
 * when nobody can run it any more.
 */
final class FollowedCallable<T extends @Nullable Object> implements Callable<T> {

    private final Callable<T> task;
    private final DecidedInvocation decided;
    private final AtomicBoolean ended = new AtomicBoolean();
    private final Cleanable leases;

    FollowedCallable(Callable<T> task, DecidedInvocation decided) {
        this.task = task;
        this.decided = decided;
        this.leases = LeaseReclaimer.watch(this, decided);
    }

    @Override
    public T call() throws Exception {
        T result;
        try {
            result = task.call();
        } catch (Throwable ex) {
            if (ended.compareAndSet(false, true)) {
                end(() -> decided.failed(ex));
            }
            throw ex;
        }
        if (ended.compareAndSet(false, true)) {
            end(() -> decided.succeeded(result));
        }
        return result;
    }

    private void end(Runnable report) {
        try {
            report.run();
        } finally {
            leases.clean();
        }
    }
}
