package io.ratelimit.aop;

import java.lang.reflect.Method;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.aop.support.AopUtils;
import org.springframework.aot.hint.BindingReflectionHintsRegistrar;
import org.springframework.aot.hint.ExecutableMode;
import org.springframework.aot.hint.MemberCategory;
import org.springframework.aot.hint.ReflectionHints;
import org.springframework.beans.factory.aot.BeanRegistrationAotContribution;
import org.springframework.beans.factory.aot.BeanRegistrationAotProcessor;
import org.springframework.beans.factory.support.RegisteredBean;
import org.springframework.core.MethodIntrospector;
import org.springframework.util.ReflectionUtils;

/**
 * Registers what native images need for beans with limited methods: the members of the parameter types, which
 * expressions read, the fallbacks, and the classes of the resolvers. A fallback that is named by a placeholder is not
 * registered.
 */
final class RateLimitedAotProcessor implements BeanRegistrationAotProcessor {

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
        return (generation, code) ->
                limited.forEach(method -> register(generation.getRuntimeHints().reflection(), method, type));
    }

    private List<RateLimitedDeclaration> declared(Method method, Class<?> type) {
        return declarations.of(AopUtils.getMostSpecificMethod(method, type), type);
    }

    private void register(ReflectionHints hints, Method method, Class<?> type) {
        for (Class<?> parameter : method.getParameterTypes()) {
            hints.registerType(parameter, MemberCategory.INVOKE_PUBLIC_METHODS);
        }
        members.registerReflectionHints(hints, method.getGenericParameterTypes());
        for (ValueClass valueClass : KotlinSignature.of(method).valueClasses()) {
            hints.registerType(
                    valueClass.type(), MemberCategory.ACCESS_DECLARED_FIELDS, MemberCategory.INVOKE_DECLARED_METHODS);
        }
        for (RateLimitedDeclaration declaration : declared(method, type)) {
            hints.registerType(declaration.limitResolver());
            hints.registerType(declaration.keyResolver());
            hints.registerType(declaration.costResolver());
            for (Method candidate : ReflectionUtils.getAllDeclaredMethods(type)) {
                if (FallbackMethod.isNamed(candidate, declaration.fallback())) {
                    hints.registerMethod(candidate, ExecutableMode.INVOKE);
                }
            }
        }
    }
}
