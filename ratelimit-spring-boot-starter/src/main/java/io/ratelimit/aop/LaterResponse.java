package io.ratelimit.aop;

import jakarta.servlet.AsyncEvent;
import jakarta.servlet.AsyncListener;
import jakarta.servlet.http.HttpServletRequest;
import java.lang.ref.Cleaner.Cleanable;
import java.util.Collections;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.springframework.web.context.request.NativeWebRequest;
import org.springframework.web.context.request.RequestAttributes;
import org.springframework.web.context.request.RequestContextHolder;
import org.springframework.web.context.request.ServletRequestAttributes;
import org.springframework.web.context.request.async.AsyncRequestTimeoutException;
import org.springframework.web.context.request.async.CallableProcessingInterceptor;
import org.springframework.web.context.request.async.DeferredResult;
import org.springframework.web.context.request.async.DeferredResultProcessingInterceptor;
import org.springframework.web.context.request.async.WebAsyncManager;
import org.springframework.web.context.request.async.WebAsyncUtils;

/**
 * The response of an admitted call whose result Spring MVC produces after the method returned. Loaded only if Spring
 * MVC is on the class path.
 *
 * <p>The call ends with the response, and exactly once: when a dispatch ends and nothing asynchronous was started, or
 * else when the container reports that the asynchronous request is complete. Containers report that after success,
 * failure, timeout and the loss of a client alike. {@link LaterResponseInterceptor} reports the last dispatch a little
 * earlier. Spring's own report is listened to as well, and a response that is no longer reachable has ended too.
 */
final class LaterResponse implements AsyncListener, CallableProcessingInterceptor, DeferredResultProcessingInterceptor {

    private static final AtomicLong COUNTER = new AtomicLong();

    private final String name = LaterResponse.class.getName() + "." + COUNTER.incrementAndGet();
    private final HttpServletRequest request;
    private final DecidedInvocation decided;
    private final Cleanable leases;
    private final AtomicBoolean ended = new AtomicBoolean();
    private boolean listening;
    private boolean successful;
    private @Nullable Object value;
    private @Nullable Throwable failure;

    private LaterResponse(HttpServletRequest request, DecidedInvocation decided) {
        this.request = request;
        this.decided = decided;
        this.leases = LeaseReclaimer.watch(this, decided);
    }

    /**
     * Follows the response of the current request until its end. Only plain attributes count as a request, which is
     * what dispatches bind to their threads and complete. Nothing completes those of subclasses, such as the snapshots
     * of context propagation.
     *
     * @return false if there is no request
     */
    static boolean follow(DecidedInvocation decided) {
        if (!(RequestContextHolder.getRequestAttributes() instanceof ServletRequestAttributes attributes)
                || attributes.getClass() != ServletRequestAttributes.class
                || !isActive(attributes)) {
            return false;
        }
        LaterResponse response = new LaterResponse(attributes.getRequest(), decided);
        response.register(attributes);
        return true;
    }

    /** Ends the calls whose response is that of a request. */
    static void endAll(HttpServletRequest request) {
        for (String attribute : Collections.list(request.getAttributeNames())) {
            if (request.getAttribute(attribute) instanceof LaterResponse response) {
                response.end();
            }
        }
    }

    private void register(ServletRequestAttributes attributes) {
        WebAsyncManager manager = WebAsyncUtils.getAsyncManager(request);
        manager.registerCallableInterceptor(name, this);
        manager.registerDeferredResultInterceptor(name, this);
        request.setAttribute(name, this);
        attributes.registerDestructionCallback(name, this::dispatched, RequestAttributes.SCOPE_REQUEST);
        listen();
        if (!isActive(attributes)) {
            dispatched();
        }
    }

    /** Called when the dispatch in which the method was called has ended. */
    private void dispatched() {
        if (!listen()) {
            end();
        }
    }

    /** {@return whether the request is asynchronous, so that the container reports its end} */
    private synchronized boolean listen() {
        try {
            if (!listening && request.isAsyncStarted()) {
                request.getAsyncContext().addListener(this);
                listening = true;
            }
        } catch (IllegalStateException ex) {
            // The asynchronous request is complete already.
            return false;
        }
        return listening;
    }

    private void end() {
        if (!ended.compareAndSet(false, true)) {
            return;
        }
        try {
            report();
        } finally {
            leases.clean();
        }
    }

    private synchronized void report() {
        if (failure != null) {
            decided.failed(failure);
        } else if (successful) {
            decided.succeeded(value);
        } else {
            decided.abandoned();
        }
    }

    /** Keeps what was produced. A failure replaces a value, and the value of a later step does not. */
    private synchronized void produced(@Nullable Object result) {
        if (result instanceof Throwable thrown) {
            failure = thrown;
        } else if (!successful) {
            successful = true;
            value = result;
        }
    }

    @Override
    public void onComplete(AsyncEvent event) {
        end();
    }

    @Override
    public void onTimeout(AsyncEvent event) {}

    @Override
    public void onError(AsyncEvent event) {}

    /** Listens to the next asynchronous step too, because containers forget the listeners of the last one. */
    @Override
    public void onStartAsync(AsyncEvent event) {
        event.getAsyncContext().addListener(this);
    }

    @Override
    public <T> void postProcess(NativeWebRequest webRequest, Callable<T> task, @Nullable Object result) {
        produced(result);
    }

    @Override
    public <T> Object handleTimeout(NativeWebRequest webRequest, Callable<T> task) {
        produced(new AsyncRequestTimeoutException());
        return RESULT_NONE;
    }

    @Override
    public <T> Object handleError(NativeWebRequest webRequest, Callable<T> task, Throwable thrown) {
        produced(thrown);
        return RESULT_NONE;
    }

    @Override
    public <T> void afterCompletion(NativeWebRequest webRequest, Callable<T> task) {
        end();
    }

    @Override
    public <T> void postProcess(NativeWebRequest webRequest, DeferredResult<T> task, @Nullable Object result) {
        produced(result);
    }

    @Override
    public <T> void afterCompletion(NativeWebRequest webRequest, DeferredResult<T> task) {
        end();
    }

    private static boolean isActive(ServletRequestAttributes attributes) {
        try {
            attributes.getAttribute(LaterResponse.class.getName(), RequestAttributes.SCOPE_REQUEST);
            return true;
        } catch (IllegalStateException ex) {
            return false;
        }
    }
}
