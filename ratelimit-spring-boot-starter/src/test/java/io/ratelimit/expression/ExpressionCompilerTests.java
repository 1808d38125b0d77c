package io.ratelimit.expression;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Method;
import java.math.BigDecimal;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.beans.factory.support.DefaultListableBeanFactory;
import org.springframework.expression.spel.SpelNode;
import org.springframework.expression.spel.standard.SpelExpressionParser;
import org.springframework.expression.spel.support.StandardEvaluationContext;
import org.springframework.expression.spel.support.StandardTypeLocator;
import org.springframework.util.ReflectionUtils;

class ExpressionCompilerTests {

    private final DefaultListableBeanFactory beans = new DefaultListableBeanFactory();
    private final ExpressionCompiler expressions = new ExpressionCompiler(beans, null);

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "#text                              | ann",
                "#p0                                | ann",
                "#a0                                | ann",
                "#root.args[0]                      | ann",
                "#root.method.name                  | call",
                "#root.target.name                  | bean",
                "#user.name                         | bob",
                "#user.tenant?.length()             | 4",
                "#user.nick                         | bo",
                "#map.colour                        | red",
                "#map['colour']                     | red",
                "#list[1]                           | y",
                "#list.![length()]                  | [1, 1]",
                "#list.?[#this == 'y']              | [y]",
                "'all-' + #text                     | all-ann",
                "#text + ':' + #user.name           | ann:bob",
                "#text?.toUpperCase()               | ANN",
                "T(java.lang.Math).max(#n, 2)       | 7",
                "T(java.util.concurrent.TimeUnit).DAYS | DAYS",
                "new java.math.BigDecimal('1.5')    | 1.5",
                "#n > 5 ? 'big' : 'small'           | big",
                "#n / 2.0                           | 3.5",
                "-#n                                | -7",
                "new int[#n].length                 | 7",
                "@plans.of(#text)                   | plan-ann",
                "@'other-plans'.of('x')             | plan-x",
                "#text matches '[a-z]+'             | true",
                "'literal'                          | literal"
            })
    void anExpressionSees(String text, String value) {
        beans.registerSingleton("plans", new Plans());
        beans.registerSingleton("other-plans", new Plans());
        CallExpression expression = parse("call", text);
        CallExpression key = parseKey("call", text);
        CallSnapshot call = call("call", "ann", new User("bob", "acme"), Map.of("colour", "red"), List.of("x", "y"), 7);
        for (int i = 0; i < 300; i++) {
            assertThat(String.valueOf(expression.of(call))).isEqualTo(value);
            assertThat(String.valueOf(key.of(call))).isEqualTo(value);
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "#user.name                | true",
                "#i / 100.0                | true",
                "#text + ':' + #user.name  | true",
                "#boxed > 5 and #flag      | true",
                "#text + #other            | false",
                "#number / 100.0           | false",
                "#holder.value > 5         | false",
                "#map.a                    | false",
                "#list[0]                  | false",
                "#text.indexOf(#x)         | false",
                "#generic + 1              | false",
                "#i * 2 > 5 ? 'a' : 'b'    | true",
                "#flag ? #generic : 'b'    | false",
                "#user.name.length()       | true",
                "#user.name.charAt(0)      | false",
                "#map.size() > 1           | true",
                "'a' + #text               | true",
                "#text + 'a' + #other      | true",
                "#text matches 'a'         | false",
                "{#text}                   | false",
                "new Integer(1)            | false",
                "#root.method.name         | false",
                "(#i + 1) / #boxed         | true",
                "(#i + #l) / #boxed        | false",
                "#number == #i             | true",
                "[method]                  | false",
                "method.name               | false"
            })
    void onlyExpressionsWithCertainTypesAreCompiled(String text, boolean compiled) {
        Method on = method(text.contains("list") ? "call" : "varied");
        ExpressionOrigin origin = new TestOrigin(text);
        SpelNode root = new SpelExpressionParser().parseRaw(text).getAST();
        ExpressionTypeChecker types = new ExpressionTypeChecker(
                origin,
                ExpressionParameters.of(on, on, on.getParameterCount(), Varied.class),
                beans,
                new StandardTypeLocator(),
                new MemberHints(null));
        types.check(root, Object.class);
        assertThat(new CompilationSafety(types).isSafe(root)).isEqualTo(compiled);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "#x",
                "#x > 5",
                "#x * 2",
                "#x + #y",
                "#x == #y",
                "#x == 5",
                "#x ?: 'none'",
                "#x != null ? #x : 'none'",
                "#x / 2",
                "-#x",
                "#number > 5",
                "#number * 2",
                "#number / #i",
                "#i / 2",
                "#i * #l",
                "#boxed > 5",
                "#boxed + #boxed",
                "#boxed == #x",
                "#text + #other",
                "#text + ':' + #other",
                "#text.length()",
                "#text?.length()",
                "#text.isEmpty() or #flag",
                "#flag ? #text : #boxed",
                "!#flag",
                "#map.a",
                "#map['a']",
                "#user.name",
                "#user?.tenant",
                "#user.name + '@' + #user.tenant",
                "#user.name == #text",
                "#generic + 1",
                "#holder.value > 5",
                "#holder.value",
                "#text matches 'a.*'",
                "#x instanceof T(String)"
            })
    void theCompiledAnswersAreTheInterpretersWhateverTheTypes(String text) {
        CallExpression expression = parse("varied", text);
        var interpreted = new SpelExpressionParser().parseRaw(text);
        Random random = new Random(42);
        Object[] any = {1, 7, 5.7, 6L, 5.7f, "text", "a", "", null, true, new BigDecimal("5.5"), (short) 9, 'c'};
        Number[] numbers = {1, 7, 5.7, 6L, 5.7f, null, new BigDecimal("5.5"), (short) 9};
        for (int run = 0; run < 6000; run++) {
            boolean stable = run % 1000 < 500;
            Object[] args = {
                pick(any, stable ? 1 : random.nextInt(100)),
                pick(any, stable ? 1 : random.nextInt(100)),
                pick(numbers, stable ? 1 : random.nextInt(100)),
                random.nextInt(9),
                random.nextLong(9),
                stable ? (Integer) 7 : pick(new Integer[] {7, null, 3}, random.nextInt(9)),
                pick(new String[] {"abc", null, ""}, stable ? 0 : random.nextInt(9)),
                pick(new String[] {"abc", null, "x"}, stable ? 0 : random.nextInt(9)),
                pick(new Boolean[] {true, false, null}, stable ? 0 : random.nextInt(9)),
                pick(
                        new Map<?, ?>[] {Map.of("a", 1), Map.of("a", "b"), Map.of("a", 5.7), Map.of()},
                        stable ? 0 : random.nextInt(9)),
                pick(
                        new Named[] {new User("n", "t"), new SubUser("m"), null, new Other()},
                        stable ? 0 : random.nextInt(9)),
                pick(numbers, stable ? 0 : random.nextInt(99)),
                new Holder<>(pick(any, stable ? 1 : random.nextInt(99)))
            };
            CallSnapshot call = call("varied", args);
            assertThat(outcome(() -> expression.of(call)))
                    .isEqualTo(outcome(() -> interpreted.getValue(standard(call))));
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "#x + ':' + #y",
                "#x + #y",
                "#x + #number + 'a'",
                "'a' + #x + #y",
                "'a' + (#x + #y)",
                "#text + #other",
                "#text + ':' + #other",
                "#i + #l + #text",
                "#text + #i + #l",
                "#text + (#i + #l)",
                "#i + #l",
                "#boxed + #boxed",
                "#flag ? #text + #other : #x + 'a'",
                "(#text + #other) ?: 'none'",
                "(#text + ':' + #other).length()",
                "(#text + ':' + #other)?.toUpperCase()",
                "(#text + ':' + #other).concat(#text)",
                "#user.name + '@' + #user.tenant",
                "#map.a + ':' + #holder.value",
                "(#text + ':' + #other).concat(#root.args.length)",
                "(#text + ':' + #other).concat(args.length)",
                "(#text + ':' + #other).concat(#this.args.length)",
                "(#text + ':' + #other).concat(#root.args[0])",
                "(#text + ':' + #other).concat(#root.args[#root.args.length - 7])",
                "(#text + ':' + #other).concat(#root.method.name).concat(#root.target.name)",
                "(#text + ':' + #other).concat(#root.args.![#this].size())",
                "(#text + ':' + #other).concat(#root.toString().length() > 0)",
                "(#text + ':' + #other)?.concat(#root.method.parameterCount)",
                "(#x + #y).toString().concat(#root.args.length)",
                "(#x + #root.args.length) + #y",
                "#x + (#y + #root.args.length)",
                "#text + #root.args.length + ':' + #root.args[3]",
                "#root.args.length + #text",
                "#root.args.length > 13 ? #text + #x : #other + #y",
                "(#text + #other) ?: #root.args.length",
                "#flag ? (#text + #other).concat(#root.args.length) : (#x + #y)",
                "(#text + ':' + #other).length() + #root.args.length",
                "#text + {#x, #y}",
                "#text + {a: #x}",
                "#text + #root.method.name",
                "#text + args[0]",
                "#generic + 'a'"
            })
    void aKeyWithoutNullPartsIsTheInterpretersWhateverTheTypes(String text) {
        CallExpression key = parseKey("varied", text);
        var interpreted = new SpelExpressionParser().parseRaw(text);
        Random random = new Random(42);
        Object[] any = {1, 7, 5.7, 6L, 5.7f, "text", "a", "", true, new BigDecimal("5.5"), (short) 9, 'c'};
        Number[] numbers = {1, 7, 5.7, 6L, 5.7f, new BigDecimal("5.5"), (short) 9};
        for (int run = 0; run < 3000; run++) {
            Object[] args = {
                pick(any, random.nextInt(100)),
                pick(any, random.nextInt(100)),
                pick(numbers, random.nextInt(100)),
                random.nextInt(9),
                random.nextLong(9),
                random.nextInt(9),
                pick(new String[] {"abc", ""}, random.nextInt(9)),
                pick(new String[] {"abc", "x"}, random.nextInt(9)),
                random.nextBoolean(),
                pick(new Map<?, ?>[] {Map.of("a", 1), Map.of("a", "b"), Map.of("a", 5.7)}, random.nextInt(9)),
                pick(new Named[] {new User("n", "t"), new SubUser("m")}, random.nextInt(9)),
                pick(numbers, random.nextInt(99)),
                new Holder<>(pick(any, random.nextInt(99)))
            };
            CallSnapshot call = call("varied", args);
            assertThat(outcome(() -> key.of(call))).isEqualTo(outcome(() -> interpreted.getValue(standard(call))));
        }
    }

    private static Object outcome(java.util.function.Supplier<@Nullable Object> evaluation) {
        try {
            return Arrays.asList(evaluation.get());
        } catch (RuntimeException ex) {
            return "failed";
        }
    }

    private static <T> @Nullable T pick(T[] values, int index) {
        return values[index % values.length];
    }

    private StandardEvaluationContext standard(CallSnapshot call) {
        StandardEvaluationContext context = new StandardEvaluationContext(call);
        context.addPropertyAccessor(new org.springframework.expression.spel.support.MapAccessor());
        ExpressionParameters parameters =
                ExpressionParameters.of(call.method(), null, call.method().getParameterCount(), Varied.class);
        parameters.indexes().forEach((name, index) -> context.setVariable(name, call.args()[index]));
        return context;
    }

    private CallExpression parse(String method, String text) {
        Method on = method(method);
        return expressions.parse(
                new TestOrigin(text),
                ExpressionParameters.of(on, on, on.getParameterCount(), Varied.class),
                Object.class);
    }

    private CallExpression parseKey(String method, String text) {
        Method on = method(method);
        return expressions.parseKey(
                new TestOrigin(text), ExpressionParameters.of(on, on, on.getParameterCount(), Varied.class));
    }

    private static CallSnapshot call(String method, Object... args) {
        return new CallSnapshot(new Varied(), method(method), args);
    }

    private static Method method(String name) {
        return Arrays.stream(ReflectionUtils.getDeclaredMethods(Varied.class))
                .filter(method -> method.getName().equals(name))
                .findFirst()
                .orElseThrow();
    }

    public interface Named {
        String getName();

        default @Nullable String getTenant() {
            return null;
        }
    }

    public static class User implements Named {

        public final String nick;
        private final String name;
        private final String tenant;

        public User(String name, String tenant) {
            this.name = name;
            this.tenant = tenant;
            this.nick = name.substring(0, Math.min(2, name.length()));
        }

        @Override
        public String getName() {
            return name;
        }

        @Override
        public String getTenant() {
            return tenant;
        }
    }

    public static class SubUser extends User {
        public SubUser(String name) {
            super(name, "sub");
        }
    }

    private static final class Other implements Named {
        @Override
        public String getName() {
            return "hidden";
        }
    }

    public record Holder<T>(@Nullable T value) {}

    public static class Plans {
        public String of(String user) {
            return "plan-" + user;
        }
    }

    public static class Varied {

        public String getName() {
            return "bean";
        }

        public void call(String text, User user, Map<String, String> map, List<String> list, int n) {}

        public <T extends Number> void varied(
                Object x,
                Object y,
                Number number,
                int i,
                long l,
                Integer boxed,
                String text,
                String other,
                Boolean flag,
                Map<String, Object> map,
                Named user,
                T generic,
                Holder<Object> holder) {}
    }
}
