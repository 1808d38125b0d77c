package io.ratelimit.aop;

import static org.assertj.core.api.Assertions.assertThat;

import io.ratelimit.annotation.RateLimited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.aop.support.AopUtils;
import org.springframework.util.ReflectionUtils;

class RateLimitedDeclarationFinderTests {

    static Stream<Arguments> places() {
        return Stream.of(
                Arguments.of("the method", OnMethod.class, List.of("method")),
                Arguments.of("the method replaces its class and interface", OnAll.class, List.of("method")),
                Arguments.of("the method replaces the one it overrides", Overriding.class, List.of("nearer")),
                Arguments.of("the overridden method counts as the method", SilentlyOverriding.class, List.of("method")),
                Arguments.of("the overridden method replaces the class", ClassOverOverridden.class, List.of("method")),
                Arguments.of("the overridden method of a generic class", GenericChild.class, List.of("generic")),
                Arguments.of("the class replaces its interfaces", OnClass.class, List.of("class")),
                Arguments.of("the class counts for inherited methods", SubclassOfPlain.class, List.of("sub")),
                Arguments.of("the superclass", ChildOfOnClass.class, List.of("class")),
                Arguments.of("the class replaces its superclass", ReplacingChild.class, List.of("child")),
                Arguments.of("the interface method", OfInterface.class, List.of("interface-method")),
                Arguments.of("the interface type", OfInterfaceType.class, List.of("interface-type")),
                Arguments.of(
                        "an interface replaces the one it extends", OfSubInterface.class, List.of("sub-interface")),
                Arguments.of("unrelated interfaces all count", OfTwo.class, List.of("interface-method", "second")),
                Arguments.of("an interface of a subclass", LateInterface.class, List.of("interface-method")),
                Arguments.of("a generic interface", OfGeneric.class, List.of("generic-interface")),
                Arguments.of("repeated", Repeated.class, List.of("first", "second")),
                Arguments.of("composed of composed", Composed.class, List.of("meta")),
                Arguments.of("composed of several", ComposedOfSeveral.class, List.of("one", "two")),
                Arguments.of("nowhere", Plain.class, List.of()));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("places")
    void theNearestPlaceReplacesAllBehindIt(String place, Class<?> type, List<String> limits) {
        assertThat(limits(type, "search", String.class)).isEqualTo(limits);
        assertThat(new RateLimitedDeclarationFinder().anyIn(type)).isEqualTo(!limits.isEmpty());
    }

    @Test
    void aClassMeansItsPublicMethodsButNotThoseOfObject() {
        assertThat(limits(OnClass.class, "hidden")).isEmpty();
        assertThat(limits(OnClass.class, "toString")).isEmpty();
        assertThat(limits(OnClass.class, "search", String.class)).isNotEmpty();
    }

    @Test
    void anInterfaceMeansTheMethodsThatItDeclares() {
        assertThat(limits(OfInterfaceType.class, "own")).isEmpty();
    }

    @Test
    void aDynamicProxyIsLimitedByItsInterfaces() {
        Class<?> proxy = Proxy.newProxyInstance(
                        getClass().getClassLoader(), new Class<?>[] {WithMethod.class}, (p, m, a) -> null)
                .getClass();
        assertThat(limits(proxy, "search", String.class)).containsExactly("interface-method");
    }

    private static List<String> limits(Class<?> type, String name, Class<?>... parameters) {
        Method method = ReflectionUtils.findMethod(type, name, parameters);
        assertThat(method).isNotNull();
        return new RateLimitedDeclarationFinder()
                .of(AopUtils.getMostSpecificMethod(method, type), type).stream()
                        .map(RateLimitedDeclaration::limit)
                        .toList();
    }

    static class Plain {
        public void search(String query) {}
    }

    static class OnMethod {
        @RateLimited("method")
        public void search(String query) {}
    }

    @RateLimited("class")
    static class OnAll implements WithMethod {
        @Override
        @RateLimited("method")
        public void search(String query) {}
    }

    static class Overriding extends OnMethod {
        @Override
        @RateLimited("nearer")
        public void search(String query) {}
    }

    static class SilentlyOverriding extends OnMethod {
        @Override
        public void search(String query) {}
    }

    @RateLimited("class")
    static class ClassOverOverridden extends OnMethod {
        @Override
        public void search(String query) {}
    }

    static class GenericParent<T> {
        @RateLimited("generic")
        public void search(T query) {}
    }

    static class GenericChild extends GenericParent<String> {
        @Override
        public void search(String query) {}
    }

    @RateLimited("class")
    static class OnClass implements WithMethod {
        @Override
        public void search(String query) {}

        void hidden() {}

        @Override
        public String toString() {
            return "";
        }
    }

    @RateLimited("sub")
    static class SubclassOfPlain extends Plain {}

    static class ChildOfOnClass extends OnClass {}

    @RateLimited("child")
    static class ReplacingChild extends OnClass {}

    interface WithMethod {
        @RateLimited("interface-method")
        void search(String query);
    }

    @RateLimited("interface-type")
    interface WithType {
        void search(String query);
    }

    interface SubInterface extends WithMethod {
        @Override
        @RateLimited("sub-interface")
        void search(String query);
    }

    interface Second {
        @RateLimited("second")
        void search(String query);
    }

    interface GenericInterface<T> {
        @RateLimited("generic-interface")
        void search(T query);
    }

    static class OfInterface implements WithMethod {
        @Override
        public void search(String query) {}
    }

    static class OfInterfaceType implements WithType {
        @Override
        public void search(String query) {}

        public void own() {}
    }

    static class OfSubInterface implements SubInterface, WithMethod {
        @Override
        public void search(String query) {}
    }

    static class OfTwo implements WithMethod, Second {
        @Override
        public void search(String query) {}
    }

    static class LateInterface extends Plain implements WithMethod {}

    static class OfGeneric implements GenericInterface<String> {
        @Override
        public void search(String query) {}
    }

    static class Repeated {
        @RateLimited("first")
        @RateLimited("second")
        public void search(String query) {}
    }

    @Retention(RetentionPolicy.RUNTIME)
    @RateLimited("meta")
    @interface Meta {}

    @Retention(RetentionPolicy.RUNTIME)
    @Meta
    @interface MetaMeta {}

    @Retention(RetentionPolicy.RUNTIME)
    @RateLimited("one")
    @RateLimited("two")
    @interface Several {}

    static class Composed {
        @MetaMeta
        public void search(String query) {}
    }

    static class ComposedOfSeveral {
        @Several
        public void search(String query) {}
    }
}
