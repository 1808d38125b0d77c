package io.ratelimit.expression;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Member;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.BeansException;
import org.springframework.expression.AccessException;

/**
 * Carries the exception of a method or constructor that an expression calls out of the evaluation. Otherwise it could
 * not be told from an exception of the expression's operators.
 */
final class CalledMethodException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final boolean ofPlatform;

    private CalledMethodException(Class<?> owner, Throwable thrown) {
        super(null, thrown, false, false);
        this.ofPlatform = isOfPlatform(owner.getName());
    }

    /**
     * Returns a failure of a member that was not even called.
     *
     * @throws CalledMethodException if the member was called and threw
     */
    static AccessException uncalled(Member member, AccessException failure) {
        if (failure.getCause() instanceof InvocationTargetException invocation) {
            throw new CalledMethodException(member.getDeclaringClass(), invocation.getTargetException());
        }
        return failure;
    }

    /**
     * Returns what the application's code threw while an expression was evaluated, or why a bean could not be created;
     * null if the evaluation itself failed, or a method of the Java platform did not accept the values of the call.
     */
    static @Nullable Throwable thrownByApplication(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof CalledMethodException called) {
                Throwable thrown = called.getCause();
                return called.ofPlatform && !(thrown instanceof OutOfMemoryError) ? null : thrown;
            }
            if (cause instanceof BeansException) {
                return cause;
            }
            if (cause instanceof InvocationTargetException getter) {
                Throwable thrown = getter.getTargetException();
                return isThrownByPlatform(thrown) ? null : thrown;
            }
        }
        return null;
    }

    /** Returns whether no code but that of the platform ran between the reflective call and the exception. */
    private static boolean isThrownByPlatform(Throwable thrown) {
        for (StackTraceElement frame : thrown.getStackTrace()) {
            if (frame.getClassName().startsWith("java.lang.reflect.")
                    || frame.getClassName().startsWith("jdk.internal.reflect.")) {
                return true;
            }
            if (!isOfPlatform(frame.getClassName())) {
                return false;
            }
        }
        // The exception was created without a stack trace, so it is not one of the platform's getters.
        return false;
    }

    private static boolean isOfPlatform(String type) {
        return type.startsWith("java.") || type.startsWith("jdk.internal.");
    }
}
