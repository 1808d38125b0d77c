package io.ratelimit.aop;

import io.netty.util.concurrent.FastThreadLocalThread;
import org.springframework.util.ClassUtils;
import reactor.core.scheduler.Schedulers;

/** A thread that serves many connections, and so must never block. */
final class EventLoopDetector {

    private static final boolean REACTOR = isPresent("reactor.core.scheduler.Schedulers");
    private static final boolean NETTY = isPresent("io.netty.util.concurrent.FastThreadLocalThread");

    private EventLoopDetector() {}

    /** {@return whether this thread is one} */
    static boolean isCurrent() {
        return REACTOR && OfReactor.isCurrent() || NETTY && OfNetty.isCurrent();
    }

    private static boolean isPresent(String type) {
        return ClassUtils.isPresent(type, EventLoopDetector.class.getClassLoader());
    }

    /** Loads only where Reactor is. */
    private static final class OfReactor {

        static boolean isCurrent() {
            return Schedulers.isInNonBlockingThread();
        }
    }

    /** Loads only where Netty is. */
    private static final class OfNetty {

        static boolean isCurrent() {
            return Thread.currentThread() instanceof FastThreadLocalThread thread && !thread.permitBlockingCalls();
        }
    }
}
