package io.ratelimit.aop;

import java.io.InputStream;
import java.io.Reader;
import java.util.Enumeration;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Spliterator;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Future;
import java.util.function.Supplier;
import java.util.stream.BaseStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.core.KotlinDetector;
import org.springframework.core.ReactiveAdapter;
import org.springframework.core.ReactiveAdapterRegistry;
import org.springframework.core.ResolvableType;
import org.springframework.core.io.InputStreamSource;
import org.springframework.util.ClassUtils;

/** Finds return types whose values are consumed after the call has ended, so that work runs that no limit counts. */
final class LaterConsumedType {

    private static final List<Class<?>> TYPES = Stream.of(
                    Future.class,
                    BaseStream.class,
                    Iterator.class,
                    Enumeration.class,
                    Spliterator.class,
                    Supplier.class,
                    Runnable.class,
                    InputStream.class,
                    Reader.class,
                    InputStreamSource.class,
                    find("kotlin.sequences.Sequence"))
            .filter(Objects::nonNull)
            .<Class<?>>map(type -> type)
            .toList();
    private static final @Nullable Class<?> ENTITY = find("org.springframework.http.HttpEntity");

    private LaterConsumedType() {}

    /** {@return the type that a call of the method does not wait for; null if there is none} */
    static @Nullable Class<?> of(AnnotationAttribute origin) {
        ResolvableType type = KotlinDetector.isSuspendingFunction(origin.method())
                ? ResolvableType.forType(SuspendFunction.returned(origin.method(), origin.targetClass()))
                : ResolvableType.forMethodReturnType(origin.method(), origin.targetClass());
        Class<?> raw = type.resolve(Object.class);
        if (LaterResultAdapter.isFollowed(raw) || LaterResultAdapter.produced(type) == ResolvableType.NONE) {
            return null;
        }
        ResolvableType awaited = awaited(type, raw);
        return awaited == null ? consumed(type, raw) : inner(awaited);
    }

    /** {@return the type of the values that a call waits for; null if it does not wait} */
    private static @Nullable ResolvableType awaited(ResolvableType type, Class<?> raw) {
        if (CompletionStage.class.isAssignableFrom(raw)) {
            return type.as(CompletionStage.class).getGeneric();
        }
        ReactiveAdapter adapter = ReactiveAdapterRegistry.getSharedInstance().getAdapter(raw);
        return adapter != null || ReturnTypeAdapterSelector.isFlow(raw) ? type.getGeneric() : null;
    }

    /** {@return the type within a value that a call has waited for; null if there is none} */
    private static @Nullable Class<?> inner(ResolvableType type) {
        Class<?> raw = type.resolve(Object.class);
        return LaterResultAdapter.isFollowed(raw) || awaited(type, raw) != null ? raw : consumed(type, raw);
    }

    private static @Nullable Class<?> consumed(ResolvableType type, Class<?> raw) {
        if (Optional.class == raw || ENTITY != null && ENTITY.isAssignableFrom(raw)) {
            return inner(type.as(raw == Optional.class || ENTITY == null ? Optional.class : ENTITY)
                    .getGeneric());
        }
        return raw == Iterable.class || TYPES.stream().anyMatch(later -> later.isAssignableFrom(raw)) ? raw : null;
    }

    private static @Nullable Class<?> find(String name) {
        ClassLoader loader = LaterConsumedType.class.getClassLoader();
        return ClassUtils.isPresent(name, loader) ? ClassUtils.resolveClassName(name, loader) : null;
    }
}
