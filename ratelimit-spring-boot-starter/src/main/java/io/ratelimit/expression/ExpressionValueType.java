package io.ratelimit.expression;

import java.lang.reflect.Modifier;
import org.springframework.core.ResolvableType;
import org.springframework.expression.spel.SpelNode;
import org.springframework.expression.spel.ast.NullLiteral;

/** Checks that the value of an expression has the type that its attribute needs. */
final class ExpressionValueType {

    private ExpressionValueType() {}

    /**
     * Checks the type of a value.
     *
     * @param root the whole expression
     * @param type the type of its value, as far as it is known
     * @param wanted the boxed type that the value must have; Object for a key, whose class must override toString
     * @throws RuntimeException the exception of the origin, if there is no value or it has another type
     */
    static void check(ExpressionOrigin origin, SpelNode root, ResolvableType type, Class<?> wanted) {
        Class<?> known = OperatorTypeResolver.boxed(type);
        if (root instanceof NullLiteral || known == void.class) {
            throw origin.invalid("has no value", "write an expression with a value");
        }
        if (known == null || known == Object.class) {
            return;
        }
        if (wanted == Object.class) {
            checkKey(origin, known);
        } else if (!wanted.isAssignableFrom(known) && !known.isAssignableFrom(wanted)) {
            String noun =
                    wanted == String.class ? "text" : wanted.getSimpleName().toLowerCase();
            throw origin.invalid(
                    "has the type " + known.getSimpleName() + ", not " + noun, "write an expression of a " + noun);
        }
    }

    private static void checkKey(ExpressionOrigin origin, Class<?> known) {
        if (known.isArray()) {
            throw origin.invalid("an array cannot be a key", "use an element, or join the elements");
        }
        if (!known.isInterface() && !Modifier.isAbstract(known.getModifiers()) && !KeyFormatter.isOwn(known)) {
            throw origin.invalid(
                    known.getName() + " does not override toString, so every call would have its own bucket",
                    "use one of its properties");
        }
    }
}
