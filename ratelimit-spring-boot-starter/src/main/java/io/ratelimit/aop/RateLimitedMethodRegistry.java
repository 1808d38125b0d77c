package io.ratelimit.aop;

import io.ratelimit.RateLimiterRegistry;
import io.ratelimit.autoconfigure.RateLimitSettings;
import io.ratelimit.autoconfigure.UnknownLimitHint;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Predicate;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import org.springframework.aop.config.AopConfigUtils;
import org.springframework.aop.framework.AopInfrastructureBean;
import org.springframework.aop.framework.ProxyConfig;
import org.springframework.aop.support.AopUtils;
import org.springframework.beans.factory.NoSuchBeanDefinitionException;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.config.ConfigurableBeanFactory;
import org.springframework.core.KotlinDetector;
import org.springframework.core.MethodClassKey;
import org.springframework.core.env.Environment;
import org.springframework.util.ClassUtils;

/**
 * The registry of the annotated methods of all beans. Each method is read once.
 *
 * <pre>{@code
 * methods.usedBy("search");   // [com.acme.Search#search(String,String)]
 * }</pre>
 *
 * <p>When a bean is created, everything that its methods alone determine is checked. After all singletons are created,
 * it is checked that the limits exist and can hold the costs, and that the named beans exist. Beans that are created
 * later are checked by their types at the same time, and beans that are registered later are checked completely when
 * they are created. If limiting is switched off, missing limits and beans are no mistake.
 *
 * <p>Spring does not look for advisors while it creates this bean. It would try to create {@link RateLimitAdvisor},
 * which needs this bean.
 */
public final class RateLimitedMethodRegistry implements AopInfrastructureBean {

    private static final Log LOG = LogFactory.getLog(RateLimitedMethodRegistry.class);

    private final ConfigurableBeanFactory beanFactory;
    private final ObjectProvider<RateLimiterRegistry> registry;
    private final RateLimitedDeclarationFinder declarations = new RateLimitedDeclarationFinder();
    private final RateLimitSpecFactory reader;
    private final Map<MethodClassKey, MethodAdvice> limited = new ConcurrentHashMap<>();
    private final Map<Class<?>, InvokedMethods> invoked = new ConcurrentHashMap<>();
    private final Queue<MethodAdvice> ofSupertypes = new ConcurrentLinkedQueue<>();
    private volatile boolean limitsKnown;

    /**
     * Creates an empty registry.
     *
     * @param beanFactory resolves placeholders, and the beans that expressions name
     * @param registry the limits; not fetched before all singletons are created, and only if a method is limited
     */
    RateLimitedMethodRegistry(ConfigurableBeanFactory beanFactory, ObjectProvider<RateLimiterRegistry> registry) {
        this.beanFactory = beanFactory;
        this.registry = registry;
        this.reader = new RateLimitSpecFactory(beanFactory, null);
    }

    /**
     * Returns the methods of the known beans that name a limit.
     *
     * @param limit the name of the limit
     * @return sorted names, such as {@code com.acme.Search#search(String,String)}; empty if there are none
     */
    public SortedSet<String> usedBy(String limit) {
        return names(spec -> spec.limit().written().contains(limit));
    }

    /**
     * Returns the methods of the known beans that compute their limit for each call, by an expression or a
     * bean.
     *
     * @return sorted names, such as {@code com.acme.Search#search(String,String)}; empty if there are none
     */
    public SortedSet<String> withComputedLimit() {
        return names(spec -> spec.limit().isComputed());
    }

    /** Checks the limits of all methods found so far, and from now on those of each method when it is found. */
    void checkLimits() {
        limitsKnown = true;
        check(limited.values());
        if (isEnabled()) {
            String hint = hint();
            ofSupertypes.forEach(
                    advice -> advice.method().specs().forEach(spec -> spec.checkLimits(registry.getObject(), hint)));
        }
        ofSupertypes.clear();
    }

    /**
     * Reads a method of a bean of which only a supertype is known, so that the limits that it names are checked at
     * start-up. Other mistakes may be none in the class of the bean, which is checked when the bean is created.
     */
    void readOfSupertype(Method method, Class<?> supertype) {
        Method specific = AopUtils.getMostSpecificMethod(method, supertype);
        try {
            ofSupertypes.add(read(specific, supertype, declarations.of(specific, supertype)));
        } catch (InvalidRateLimitedException ex) {
            LOG.debug("Checked when the bean is created", ex);
        }
    }

    /** {@return whether a class has limited methods and a proxy can be created for it} */
    boolean mayAdvise(Class<?> targetClass) {
        Class<?> type = ClassUtils.getUserClass(targetClass);
        return declarations.anyIn(type) && !isClosed(type);
    }

    /** {@return whether a class or one of its supertypes has an annotation} */
    boolean mayBeLimited(Class<?> targetClass) {
        return declarations.anyIn(targetClass);
    }

    /** {@return whether a class or one of its supertypes is annotated itself, not only methods of it} */
    boolean isAnnotated(Class<?> targetClass) {
        return declarations.isOnType(targetClass);
    }

    /** {@return whether a class is annotated, and the superclass that declares a method is not} */
    boolean isAnnotatedOnlyBelow(Method method, Class<?> targetClass) {
        return declarations.isOnlyBelow(method.getDeclaringClass(), ClassUtils.getUserClass(targetClass));
    }

    /** {@return whether a method, or one that it overrides or implements, is annotated itself, not only the type} */
    boolean isAnnotatedItself(Method method, Class<?> targetClass) {
        Class<?> type = ClassUtils.getUserClass(targetClass);
        return declarations(method, type).stream().anyMatch(declaration -> declaration.on() != null);
    }

    boolean isLimited(Method method, Class<?> targetClass) {
        Class<?> type = ClassUtils.getUserClass(targetClass);
        return declarations.anyIn(type) && !declarations(method, type).isEmpty();
    }

    /**
     * Returns whether the declarations of a method of a wrapper apply to the method that the wrapper calls. That has
     * the same declarations, or its own in the place of those that both inherit.
     */
    boolean isLimitedAlike(Method method, Class<?> wrapper, Method called, Class<?> targetClass) {
        List<RateLimitedDeclaration> applied = declarations(called, targetClass);
        return declarations(method, wrapper).stream()
                .allMatch(declaration -> declaration.within().isAssignableFrom(targetClass)
                        || applied.stream().anyMatch(declaration::isSame));
    }

    /** {@return whether the aspect reaches the method that runs on a target class} */
    boolean isReachedByAspect(Method method, Class<?> targetClass) {
        return AspectJWeaving.reaches(AopUtils.getMostSpecificMethod(method, ClassUtils.getUserClass(targetClass)));
    }

    /** {@return the advice of a method that is invoked on a target; null if it is not limited} */
    @Nullable MethodAdvice find(Method method, @Nullable Object target) {
        Class<?> targetClass = target == null ? method.getDeclaringClass() : target.getClass();
        InvokedMethods ofClass = invoked.get(targetClass);
        MethodAdvice found = ofClass == null ? null : ofClass.get(method);
        if (found == null) {
            found = find(method, ClassUtils.getUserClass(targetClass));
            if (found != null) {
                invoked.computeIfAbsent(targetClass, type -> new InvokedMethods())
                        .put(method, found);
            }
        }
        return found;
    }

    /**
     * Returns the advice of a method, which is read on first use; null if it is not limited.
     *
     * @throws InvalidRateLimitedException if one of its declarations is invalid
     */
    @Nullable MethodAdvice find(Method method, Class<?> targetClass) {
        Method specific = AopUtils.getMostSpecificMethod(method, targetClass);
        MethodClassKey key = new MethodClassKey(specific, targetClass);
        MethodAdvice found = limited.get(key);
        if (found == null) {
            List<RateLimitedDeclaration> declared = declarations.of(specific, targetClass);
            if (declared.isEmpty()) {
                return null;
            }
            found = read(specific, targetClass, declared);
            if (limitsKnown) {
                check(List.of(found));
            }
            limited.put(key, found);
        }
        return found;
    }

    private List<RateLimitedDeclaration> declarations(Method method, Class<?> type) {
        return declarations.of(AopUtils.getMostSpecificMethod(method, type), type);
    }

    private SortedSet<String> names(Predicate<RateLimitSpec> wanted) {
        SortedSet<String> names = new TreeSet<>();
        for (MethodAdvice advice : limited.values()) {
            RateLimitedMethod method = advice.method();
            if (method.specs().stream().anyMatch(wanted)) {
                names.add(method.name());
            }
        }
        return Collections.unmodifiableSortedSet(names);
    }

    private boolean isClosed(Class<?> type) {
        return ProxyRestrictions.ofClass(type) != null
                && (ClassUtils.getAllInterfacesForClass(type).length == 0 || extendsClasses());
    }

    private boolean extendsClasses() {
        String creator = AopConfigUtils.AUTO_PROXY_CREATOR_BEAN_NAME;
        return beanFactory.containsBean(creator)
                && beanFactory.getBean(creator, ProxyConfig.class).isProxyTargetClass();
    }

    private MethodAdvice read(Method method, Class<?> targetClass, List<RateLimitedDeclaration> declared) {
        AnnotationAttribute origin = new AnnotationAttribute(method, targetClass, "limit", "");
        ReturnTypeAdapter returnType = ReturnTypeAdapterSelector.select(origin.at("method", method.getName()));
        List<RateLimitSpec> specs = new ArrayList<>();
        for (RateLimitedDeclaration declaration : declared) {
            if (declaration.on() != null && RateLimitedDeclaration.isExempt(declaration.on())) {
                throw origin.at("method", method.getName())
                        .invalid("has @NotRateLimited too", "keep one of the two annotations");
            }
            read(declaration, origin).ifPresent(specs::add);
        }
        return new MethodAdvice(
                new RateLimitedMethod(
                        AnnotationAttribute.text(method, targetClass),
                        KotlinDetector.isSuspendingFunction(method),
                        List.copyOf(specs)),
                returnType);
    }

    /** Reads a declaration; empty if it names a bean that is missing, and limiting is switched off. */
    private Optional<RateLimitSpec> read(RateLimitedDeclaration declaration, AnnotationAttribute origin) {
        try {
            return Optional.of(reader.read(declaration, origin));
        } catch (InvalidRateLimitedException ex) {
            if (ex.getCause() instanceof NoSuchBeanDefinitionException && !isEnabled()) {
                return Optional.empty();
            }
            throw ex;
        }
    }

    private boolean isEnabled() {
        RateLimitSettings settings =
                beanFactory.getBeanProvider(RateLimitSettings.class).getIfAvailable();
        return settings == null || settings.enabled();
    }

    /** Checks the limits of methods, or only logs those that are missing if limiting is switched off. */
    private void check(Collection<MethodAdvice> advised) {
        if (!isEnabled()) {
            MissingLimitLogger.log(advised, registry);
            return;
        }
        String hint = hint();
        for (MethodAdvice advice : advised) {
            advice.method().specs().forEach(spec -> spec.check(registry.getObject(), hint));
            warnIfConsumedLater(advice.method());
        }
    }

    private String hint() {
        return UnknownLimitHint.of(beanFactory.getBean(Environment.class));
    }

    private void warnIfConsumedLater(RateLimitedMethod method) {
        List<RateLimitSpec> specs = method.specs();
        Class<?> later = specs.isEmpty()
                ? null
                : LaterConsumedType.of(specs.get(0).limit().origin());
        if (later != null && specs.stream().anyMatch(spec -> spec.endsWithCall(registry.getObject()))) {
            LOG.warn("@RateLimited on " + method.name() + ": a call ends when it returns its "
                    + later.getSimpleName() + ", before that is consumed, so its permit is released, or its charge"
                    + " settled, too early; return a value, a CompletableFuture, a Mono or a Flux, or hold a permit"
                    + " while the " + later.getSimpleName() + " is consumed, with RateLimiterRegistry.hold");
        }
    }
}
