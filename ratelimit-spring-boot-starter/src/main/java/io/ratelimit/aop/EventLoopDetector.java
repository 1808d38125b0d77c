package io.ratelimit.aop;

import io.netty.util.concurrent.FastThreadLocalThread;
import org.springframework.util.ClassUtils;
import reactor.core.scheduler.Schedulers;

/** Detects threads that serve many connections and must never block. */
final class EventLoopDetector {

    private static final boolean REACTOR = isPresent("reactor.core.scheduler.Schedulers");
    private static final boolean NETTY = isPresent("io.netty.util.concurrent.FastThreadLocalThread");

    private EventLoopDetector() {}

    /** {@return whether the current thread is an event loop} */
    static boolean isCurrent() {
        return REACTOR && OfReactor.isCurrent() || NETTY && OfNetty.isCurrent();
    }

    private static boolean isPresent(String type) {
        return ClassUtils.isPresent(type, EventLoopDetector.class.getClassLoader());
    }

    /** Loaded only if Reactor is on the class path. */
    private static final class OfReactor {

        static boolean isCurrent() {
            return Schedulers.isInNonBlockingThread();
        }
    }

    /** Loaded only if Netty is on the class path. */
    private static final class OfNetty {

        static boolean isCurrent() {
            return Thread.currentThread() instanceof FastThreadLocalThread thread && !thread.permitBlockingCalls();
        }
    }
}
