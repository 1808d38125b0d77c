package io.ratelimit.sample.documentation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.springframework.aot.hint.predicate.RuntimeHintsPredicates.reflection;

import io.ratelimit.annotation.RateLimited;
import io.ratelimit.annotation.RateLimits;
import io.ratelimit.aop.RateLimitAopAutoConfiguration;
import io.ratelimit.autoconfigure.RateLimitAutoConfiguration;
import java.lang.reflect.Constructor;
import java.lang.reflect.Method;
import java.lang.reflect.Parameter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.aot.generate.ClassNameGenerator;
import org.springframework.aot.generate.DefaultGenerationContext;
import org.springframework.aot.generate.InMemoryGeneratedFiles;
import org.springframework.aot.hint.RuntimeHints;
import org.springframework.boot.autoconfigure.aop.AopAutoConfiguration;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.context.aot.ApplicationContextAotGenerator;
import org.springframework.core.annotation.AnnotatedElementUtils;
import org.springframework.expression.EvaluationContext;
import org.springframework.expression.PropertyAccessor;
import org.springframework.expression.TypedValue;
import org.springframework.expression.spel.standard.SpelExpressionParser;
import org.springframework.expression.spel.support.StandardEvaluationContext;
import org.springframework.javapoet.ClassName;
import org.springframework.util.ReflectionUtils;

/**
 * The processing ahead of time registers everything that the examples of {@code docs/annotation.md} use by reflection.
 * Their expressions are evaluated with values of the declared types, which shows what they read.
 */
class RuntimeHintsTests {

    private static final Pattern EXPRESSION =
            Pattern.compile("\\b(?:key|condition|settle|costExpression|limitExpression) = \"([^\"]+)\"");

    private final Page page = Page.of("docs/annotation.md");
    private final List<String> evaluated = new ArrayList<>();
    private final Set<String> reached = new TreeSet<>();

    @TempDir(cleanup = CleanupMode.ALWAYS)
    Path directory;

    @Test
    void every_example_of_the_annotation_has_the_hints_of_what_it_reaches() throws Exception {
        List<Page.Block> examples = page.blocks("java");
        assertThat(examples).allMatch(Page.Block::isExecutedHere);
        for (Page.Block example : examples) {
            List<Class<?>> beans = new JavaExample(example, Files.createTempDirectory(directory, "example")).beans();
            assertThat(beans).as(example.title()).isNotEmpty();
            RuntimeHints hints = process(beans);
            for (Class<?> bean : beans) {
                for (Method method : bean.getDeclaredMethods()) {
                    for (RateLimited limited : AnnotatedElementUtils.getMergedRepeatableAnnotations(
                            method, RateLimited.class, RateLimits.class)) {
                        check(limited, method, hints);
                    }
                }
            }
        }
        assertThat(evaluated).containsExactlyInAnyOrderElementsOf(written(examples));
        assertThat(reached).containsExactly("id", "plan", "tokens");
    }

    private void check(RateLimited limited, Method method, RuntimeHints hints) throws Exception {
        assertThat(reflection().onMethodInvocation(method)).accepts(hints);
        for (Class<?> named : Stream.concat(
                        Stream.of(limited.limitResolver(), limited.keyResolver(), limited.costResolver()),
                        Arrays.stream(limited.refundOn()))
                .toList()) {
            assertThat(reflection().onType(named)).accepts(hints);
        }
        if (!limited.fallback().isEmpty()) {
            assertThat(Arrays.stream(method.getDeclaringClass().getDeclaredMethods())
                            .filter(fallback -> fallback.getName().equals(limited.fallback())))
                    .singleElement()
                    .satisfies(fallback -> assertThat(reflection().onMethodInvocation(fallback))
                            .accepts(hints));
        }
        for (String expression : List.of(
                limited.key(),
                limited.condition(),
                limited.settle(),
                limited.costExpression(),
                limited.limitExpression())) {
            if (!expression.isEmpty()) {
                for (Method read : evaluate(expression, method)) {
                    assertThat(reflection().onMethodInvocation(read)).accepts(hints);
                    reached.add(read.getName());
                }
            }
        }
    }

    /** Evaluates an expression with values of the declared types, and returns the methods that it called. */
    private List<Method> evaluate(String expression, Method method) throws Exception {
        RecordingAccessor properties = new RecordingAccessor();
        StandardEvaluationContext context = new StandardEvaluationContext();
        context.setPropertyAccessors(List.of(properties));
        for (Parameter parameter : method.getParameters()) {
            context.setVariable(parameter.getName(), value(parameter.getType()));
        }
        context.setVariable("result", value(method.getReturnType()));
        new SpelExpressionParser().parseExpression(expression).getValue(context);
        evaluated.add(expression);
        return properties.read;
    }

    private static @Nullable Object value(Class<?> type) throws Exception {
        if (type.isRecord()) {
            Constructor<?> constructor = type.getDeclaredConstructors()[0];
            List<Object> arguments = new ArrayList<>();
            for (Class<?> parameter : constructor.getParameterTypes()) {
                arguments.add(value(parameter));
            }
            return constructor.newInstance(arguments.toArray());
        }
        return type == int.class ? (Object) 1 : type == String.class ? "text" : null;
    }

    private static RuntimeHints process(List<Class<?>> beans) {
        DefaultGenerationContext generation = new DefaultGenerationContext(
                new ClassNameGenerator(ClassName.get("example", "Application")), new InMemoryGeneratedFiles());
        try (AnnotationConfigApplicationContext context = new AnnotationConfigApplicationContext()) {
            context.setClassLoader(beans.get(0).getClassLoader());
            context.register(
                    AopAutoConfiguration.class, RateLimitAutoConfiguration.class, RateLimitAopAutoConfiguration.class);
            beans.forEach(context::register);
            new ApplicationContextAotGenerator().processAheadOfTime(context, generation);
        }
        return generation.getRuntimeHints();
    }

    /** The expressions that the text of the examples has. */
    private static List<String> written(List<Page.Block> examples) {
        return examples.stream()
                .flatMap(example -> EXPRESSION.matcher(example.text()).results())
                .map(match -> match.group(1))
                .toList();
    }

    /** Reads properties of records, and tells which. */
    private static final class RecordingAccessor implements PropertyAccessor {

        private final List<Method> read = new ArrayList<>();

        @Override
        public Class<?> @Nullable [] getSpecificTargetClasses() {
            return null;
        }

        @Override
        public boolean canRead(EvaluationContext context, @Nullable Object target, String name) {
            return target instanceof Record;
        }

        @Override
        public TypedValue read(EvaluationContext context, @Nullable Object target, String name) {
            Method accessor = ReflectionUtils.findMethod(target.getClass(), name);
            read.add(accessor);
            return new TypedValue(ReflectionUtils.invokeMethod(accessor, target));
        }

        @Override
        public boolean canWrite(EvaluationContext context, @Nullable Object target, String name) {
            return false;
        }

        @Override
        public void write(EvaluationContext context, @Nullable Object target, String name, @Nullable Object newValue) {}
    }
}
