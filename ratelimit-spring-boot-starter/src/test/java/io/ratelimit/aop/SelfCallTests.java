package io.ratelimit.aop;

import static org.assertj.core.api.Assertions.assertThat;

import io.ratelimit.annotation.RateLimited;
import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.ToLongFunction;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Lazy;

/** Calls of a limited method that go past the proxy, because the bean makes them on itself. */
@ExtendWith(OutputCaptureExtension.class)
class SelfCallTests {

    private static final String FINDING = "past the proxy that limits it";

    @Test
    void aSelfCallIsLoggedWithBothMethodsAndTheCure(CapturedOutput output) {
        LimitedApplication.with(Plain.class).run(context -> assertThat(context).hasNotFailed());
        assertThat(output.toString().lines().filter(line -> line.contains("#all(String) calls ")))
                .singleElement()
                .asString()
                .contains("INFO")
                .endsWith(Plain.class.getName() + "#all(String) calls " + Plain.class.getName()
                        + "#search(String) on this object, past the proxy that limits it, so the call is not limited;"
                        + " move one of the two methods to another bean, or call search through an injected reference"
                        + " to the bean, or weave the class (ratelimit.aop.mode=aspectj)");
    }

    static Stream<Method> callers() {
        return Stream.of(Callers.class, Others.class)
                .flatMap(type -> Arrays.stream(type.getDeclaredMethods()))
                .filter(method ->
                        method.getName().startsWith("calls") || method.getName().startsWith("spares"));
    }

    @ParameterizedTest
    @MethodSource("callers")
    void onlyCallsOnThisAreFound(Method caller) throws Exception {
        byte[] classFile;
        try (var in = caller.getDeclaringClass()
                .getResourceAsStream(
                        org.springframework.util.ClassUtils.getClassFileName(caller.getDeclaringClass()))) {
            classFile = in.readAllBytes();
        }
        List<String> called = SelfCallFinder.find(classFile).stream()
                .filter(call -> call.caller().name().equals(caller.getName()))
                .map(call -> call.called().name())
                .filter("search"::equals)
                .collect(Collectors.toList());
        assertThat(called).isEqualTo(caller.getName().startsWith("calls") ? List.of("search") : List.of());
    }

    @Test
    void aMethodThatIsNotLimitedMayBeCalled(CapturedOutput output) {
        LimitedApplication.with(Unlimited.class)
                .run(context -> assertThat(context).hasNotFailed());
        assertThat(output).doesNotContain(FINDING);
    }

    @Test
    void aLimitedCallerCounts(CapturedOutput output) {
        LimitedApplication.with(LimitedCaller.class)
                .run(context -> assertThat(context).hasNotFailed());
        assertThat(output).contains("LimitedCaller#outer() calls ").contains("LimitedCaller#inner() on this object");
        assertThat(output).doesNotContain("LimitedCaller#inner() calls").doesNotContain("LimitedCaller#recursive()");
    }

    @Test
    void inheritedMethodsAreFoundAsCallersAndAsCalled(CapturedOutput output) {
        LimitedApplication.with(Child.class).run(context -> assertThat(context).hasNotFailed());
        assertThat(output)
                .contains("Child#ofParent() calls " + Child.class.getName() + "#inherited() on")
                .contains("Child#template(Object) calls " + Child.class.getName() + "#step(String) on")
                .contains("Child#template(Object) calls " + Child.class.getName() + "#ofInterface() on")
                .doesNotContain("#replaced()")
                .doesNotContain("Child#step(Object) calls")
                .doesNotContain("Child#inherited() calls");
    }

    @Test
    void beansOfOneClassAreLoggedOnce(CapturedOutput output) {
        LimitedApplication.with(Twins.class).run(context -> assertThat(context).hasNotFailed());
        assertThat(output.toString().split("Plain#all\\(String\\) calls", -1)).hasSize(2);
    }

    @Test
    void anApplicationWithoutLimitingHasNoFindings(CapturedOutput output) {
        LimitedApplication.with(Plain.class)
                .withPropertyValues("enabled=false")
                .run(context -> assertThat(context).hasNotFailed());
        assertThat(output).doesNotContain(FINDING);
    }

    @Test
    void aClassWithoutAReadableClassFileIsSkipped(CapturedOutput output) throws Exception {
        SelfCallCheck check = new SelfCallCheck();
        Supplier<String> lambda = () -> "found";
        check.log(lambda.getClass(), java.util.Set.of(Supplier.class.getMethod("get")));
        assertThat(output).doesNotContain(FINDING);
    }

    public static class Plain {

        @RateLimited("ten")
        public String search(String user) {
            return user;
        }

        public String all(String user) {
            return search(user);
        }
    }

    @Configuration(proxyBeanMethods = false)
    static class Twins {

        @Bean
        Plain first() {
            return new Plain();
        }

        @Bean
        Plain second() {
            return new Plain();
        }
    }

    public static class Unlimited {

        @RateLimited("ten")
        public void search() {}

        public void free() {}

        public void caller() {
            free();
            helper();
        }

        private void helper() {}
    }

    public static class LimitedCaller {

        @RateLimited("ten")
        public void outer() {
            inner();
        }

        @RateLimited("ten")
        public void inner() {}

        @RateLimited("ten")
        public int recursive() {
            return hashCode() > 0 ? 0 : recursive();
        }
    }

    public interface Named {

        @RateLimited("ten")
        default void ofInterface() {}
    }

    public abstract static class Parent<T> implements Named {

        @RateLimited("ten")
        public void inherited() {}

        protected abstract void step(T value);

        public void template(T value) {
            step(value);
            ofInterface();
        }

        public void replaced() {
            inherited();
        }
    }

    public static class Child extends Parent<String> {

        @Override
        @RateLimited("ten")
        public void step(String value) {}

        @Override
        public void replaced() {}

        @Override
        public void inherited() {
            super.inherited();
        }

        public void ofParent() {
            inherited();
        }
    }

    /** Methods whose names tell whether they call {@code search} on this object. */
    static class Callers {

        Callers other;
        Supplier<String> kept;

        String search(String user) {
            return user;
        }

        long search(long a, double b, String c) {
            return a;
        }

        String callsPlainly() {
            return search("ann");
        }

        String callsThis() {
            return this.search("ann");
        }

        long callsWithWideArguments(long a, double b) {
            return search(a * 2 + 1, b / 3 - a, "c");
        }

        String callsWithConditionalArguments(boolean a, int n) {
            return search(
                    a
                            ? n > 3 ? "x" : "y"
                            : switch (n) {
                                case 1 -> "one";
                                case 2 -> "two";
                                default -> String.valueOf(n);
                            });
        }

        String callsWithNestedArguments(long[] numbers) {
            return search("a" + numbers[0]++ + (numbers.length > 1 ? numbers[1]-- : 2L) + other.search("b")
                    + new String("c"));
        }

        String callsInALoop(List<String> users) {
            String last = "";
            for (int i = 0; i < users.size(); i++) {
                last += search(users.get(i));
            }
            return last;
        }

        String sparesAVariableThatALoopAssigns() {
            Callers last = this;
            while (last.other != null) {
                last = last.other;
            }
            return last.search("ann");
        }

        String callsAfterALoopThatAssignsAnotherVariable(List<String> users) {
            Callers last = null;
            for (String user : users) {
                last = user.isEmpty() ? other : last;
            }
            return search("ann") + last;
        }

        String callsInAHandler() {
            try {
                return other.search("ann");
            } catch (RuntimeException ex) {
                return search("ann");
            } finally {
                other = null;
            }
        }

        String callsBehindALocalVariable() {
            Callers self = this;
            return self.search("ann");
        }

        String callsInALambda(String user) throws Exception {
            Callable<String> lambda = () -> search(user);
            return lambda.call();
        }

        Supplier<Supplier<String>> callsInANestedLambda(String user) {
            return () -> () -> this.search(user);
        }

        Function<String, String> callsByReference() {
            return this::search;
        }

        String callsByACast() {
            return ((Callers) (Object) this).search("ann");
        }

        String callsInASynchronizedBlock() {
            synchronized (this) {
                return search("ann");
            }
        }

        String sparesOthers() {
            return other.search("ann") + new Callers().search("bob");
        }

        String sparesParameters(Callers self) {
            return self.search("ann");
        }

        String sparesEither(boolean mine) {
            return (mine ? this : other).search("ann");
        }

        String sparesEitherVariable(boolean mine) {
            Callers self = this;
            if (!mine) {
                self = other;
            }
            return self.search("ann");
        }

        String sparesAssigned() {
            Callers self = this;
            self = self.other;
            return self.search("ann");
        }

        Supplier<String> sparesOthersInALambda(Callers self) {
            return () -> self.search("ann");
        }

        BiFunction<Callers, String, String> sparesOpenReferences() {
            return Callers::search;
        }

        Function<String, String> sparesReferencesToOthers() {
            return other::search;
        }

        Callers sparesArguments() {
            return pass(this).other(this).pass(this);
        }

        String sparesOthersWithThisBelow(Callers self) {
            return String.valueOf(this) + self.search("ann") + this;
        }

        Callers pass(Callers self) {
            return self;
        }

        Callers other(Callers self) {
            self.other.search("ann");
            return other;
        }
    }

    /** Methods of an inner class, which are called on another object. */
    class Others {

        final Callers field = new Callers();

        @Lazy
        Callers self;

        ToLongFunction<String> sparesAll() {
            return user -> self.search(1, 2, user) + field.search(3, 4, user);
        }

        Runnable sparesAnonymousClasses() {
            return new Runnable() {
                @Override
                public void run() {
                    search();
                }
            };
        }

        void search() {}
    }
}
