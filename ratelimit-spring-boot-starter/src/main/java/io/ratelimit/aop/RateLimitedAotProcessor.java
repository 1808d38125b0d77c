package io.ratelimit.aop;

import java.lang.reflect.Method;
import java.util.List;
import java.util.Set;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import org.springframework.aop.support.AopUtils;
import org.springframework.aot.hint.BindingReflectionHintsRegistrar;
import org.springframework.aot.hint.ExecutableMode;
import org.springframework.aot.hint.MemberCategory;
import org.springframework.aot.hint.ReflectionHints;
import org.springframework.beans.factory.NoSuchBeanDefinitionException;
import org.springframework.beans.factory.aot.BeanRegistrationAotContribution;
import org.springframework.beans.factory.aot.BeanRegistrationAotProcessor;
import org.springframework.beans.factory.config.ConfigurableBeanFactory;
import org.springframework.beans.factory.support.RegisteredBean;
import org.springframework.beans.factory.support.RootBeanDefinition;
import org.springframework.core.MethodIntrospector;
import org.springframework.core.env.Environment;

/**
 * Registers what native images need for beans with limited methods: the methods with their parameter types, the members
 * that expressions reach, the fallbacks, and the classes of the resolvers. An invalid annotation ends the processing,
 * as it would end the start of the application.
 *
 * <p>Placeholders have the values of the processing. An attribute with a placeholder that has none is left out, which
 * is logged as a warning.
 */
final class RateLimitedAotProcessor implements BeanRegistrationAotProcessor {

    private static final Log LOG = LogFactory.getLog(RateLimitedAotProcessor.class);

    private final RateLimitedDeclarationFinder declarations = new RateLimitedDeclarationFinder();
    private final BindingReflectionHintsRegistrar members = new BindingReflectionHintsRegistrar();

    @Override
    public @Nullable BeanRegistrationAotContribution processAheadOfTime(RegisteredBean bean) {
        Class<?> type = bean.getBeanClass();
        if (!declarations.anyIn(type)) {
            return null;
        }
        Set<Method> limited = MethodIntrospector.selectMethods(
                type, (Method method) -> !declared(method, type).isEmpty());
        return (generation, code) -> {
            ReflectionHints hints = generation.getRuntimeHints().reflection();
            limited.forEach(method -> register(hints, AopUtils.getMostSpecificMethod(method, type), bean));
        };
    }

    private List<RateLimitedDeclaration> declared(Method method, Class<?> type) {
        return declarations.of(AopUtils.getMostSpecificMethod(method, type), type);
    }

    private void register(ReflectionHints hints, Method method, RegisteredBean bean) {
        hints.registerMethod(method, ExecutableMode.INVOKE);
        for (Class<?> parameter : method.getParameterTypes()) {
            hints.registerType(parameter, MemberCategory.INVOKE_PUBLIC_METHODS);
        }
        members.registerReflectionHints(hints, method.getGenericParameterTypes());
        for (ValueClass valueClass : KotlinSignature.of(method).valueClasses()) {
            hints.registerType(
                    valueClass.type(), MemberCategory.ACCESS_DECLARED_FIELDS, MemberCategory.INVOKE_DECLARED_METHODS);
        }
        AnnotationAttribute origin = new AnnotationAttribute(method, bean.getBeanClass(), "limit", "");
        for (RateLimitedDeclaration declaration : declared(method, bean.getBeanClass())) {
            if (declaration.on() != null) {
                hints.registerMethod(declaration.on(), ExecutableMode.INVOKE);
            }
            hints.registerType(declaration.limitResolver());
            hints.registerType(declaration.keyResolver());
            hints.registerType(declaration.costResolver());
            declaration.refundOn().forEach(hints::registerType);
            RateLimitedDeclaration resolved =
                    declaration.withTexts(text -> resolved(text, origin, bean.getBeanFactory()));
            register(hints, resolved, origin, bean);
        }
    }

    /**
     * Reads a declaration, which registers what its expressions reach. A missing bean is reported at start-up, not
     * here.
     */
    private static void register(
            ReflectionHints hints,
            RateLimitedDeclaration declaration,
            AnnotationAttribute origin,
            RegisteredBean bean) {
        try {
            RateLimitSpecFactory reader = new RateLimitSpecFactory(bean.getBeanFactory(), hints);
            FallbackMethod fallback = reader.read(declaration, origin).fallback();
            if (fallback != null) {
                hints.registerMethod(fallback.method(), ExecutableMode.INVOKE);
            }
        } catch (InvalidRateLimitedException ex) {
            if (isExact(bean) && !(ex.getCause() instanceof NoSuchBeanDefinitionException)) {
                throw ex;
            }
            LOG.debug("Left to the start of the application", ex);
        }
    }

    /** Returns whether the class of a bean is known, and not only a supertype that a factory method declares. */
    private static boolean isExact(RegisteredBean bean) {
        RootBeanDefinition definition = bean.getMergedBeanDefinition();
        return definition.getFactoryMethodName() == null
                && definition.getInstanceSupplier() == null
                && definition.hasBeanClass()
                && definition.getBeanClass() == bean.getBeanClass();
    }

    /** Returns a text with the present values of its placeholders; empty if one has none. */
    private static String resolved(String text, AnnotationAttribute origin, ConfigurableBeanFactory beanFactory) {
        if (!text.contains("${")) {
            return text;
        }
        try {
            String resolved = beanFactory.hasEmbeddedValueResolver()
                    ? beanFactory.resolveEmbeddedValue(text)
                    : beanFactory.getBean(Environment.class).resolveRequiredPlaceholders(text);
            if (resolved != null && !resolved.contains("${")) {
                return resolved;
            }
        } catch (IllegalArgumentException ex) {
            LOG.debug("No value for " + text, ex);
        }
        LOG.warn("@RateLimited on " + AnnotationAttribute.text(origin.method(), origin.targetClass()) + ": \"" + text
                + "\" has a placeholder without a value while the application is processed ahead of time, so a native"
                + " image may lack what it needs; define the property for the processing as well");
        return "";
    }
}
