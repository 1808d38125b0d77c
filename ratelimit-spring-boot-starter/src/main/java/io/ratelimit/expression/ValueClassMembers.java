package io.ratelimit.expression;

import io.ratelimit.expression.ExpressionParameters.Wrapper;
import org.jspecify.annotations.Nullable;
import org.springframework.core.ResolvableType;
import org.springframework.expression.spel.SpelNode;
import org.springframework.expression.spel.ast.MethodReference;
import org.springframework.expression.spel.ast.PropertyOrFieldReference;

/** Checks the members of Kotlin value classes, which expressions cannot reach where the JVM passes the value inside. */
final class ValueClassMembers {

    private static final DeclaredMemberResolver MEMBERS = new DeclaredMemberResolver();

    private ValueClassMembers() {}

    /**
     * Checks that a chain does not begin with a member of a value class that the value inside does not have.
     *
     * @param chain the chain, such as {@code #id.tenant}
     * @param owner the type of its first node
     * @throws RuntimeException the exception of the origin, with the cure
     */
    static void check(ExpressionOrigin origin, ExpressionParameters parameters, SpelNode chain, ResolvableType owner) {
        Wrapper wrapper = parameters.wrapper(chain.getChild(0));
        Class<?> inner = owner.resolve();
        String name = name(chain.getChild(1));
        if (wrapper == null || inner == null || name == null || DeclaredMemberResolver.isDynamic(inner, false)) {
            return;
        }
        if (MEMBERS.property(owner, inner, name) == null
                && MEMBERS.methods(owner, inner, name).isEmpty()) {
            String variable = chain.getChild(0).toStringAST();
            throw origin.invalid(
                    variable + " is of the value class " + wrapper.type() + ", which the JVM passes as "
                            + inner.getSimpleName() + ", so it has no " + name,
                    "write " + variable + " or " + variable + "." + wrapper.property()
                            + " for the value inside, or call a bean with it");
        }
    }

    private static @Nullable String name(SpelNode member) {
        if (member instanceof PropertyOrFieldReference property) {
            return property.getName();
        }
        return member instanceof MethodReference method ? method.getName() : null;
    }
}
