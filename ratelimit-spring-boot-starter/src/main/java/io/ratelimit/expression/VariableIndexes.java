package io.ratelimit.expression;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.springframework.expression.spel.SpelNode;
import org.springframework.expression.spel.ast.VariableReference;

/** The variables that one expression mentions, and their positions among the values of a call. They are few. */
final class VariableIndexes {

    private final String[] names;
    private final int[] indexes;
    private final Map<String, Integer> all;

    private VariableIndexes(List<String> names, Map<String, Integer> all) {
        this.names = names.toArray(String[]::new);
        this.indexes = names.stream().mapToInt(all::get).toArray();
        this.all = all;
    }

    /** Finds the variables of an expression among all that it may mention. */
    static VariableIndexes of(SpelNode expression, Map<String, Integer> all) {
        List<String> names = new ArrayList<>();
        collect(expression, all, names);
        return new VariableIndexes(names, all);
    }

    private static void collect(SpelNode node, Map<String, Integer> all, List<String> names) {
        if (node instanceof VariableReference variable) {
            // Names in byte code are interned as well, so that equals succeeds by comparing references.
            String name = name(variable).intern();
            if (all.containsKey(name) && !names.contains(name)) {
                names.add(name);
            }
        }
        for (int i = 0; i < node.getChildCount(); i++) {
            collect(node.getChild(i), all, names);
        }
    }

    /** Returns the name of a variable without its {@code #}. */
    static String name(VariableReference variable) {
        return variable.toStringAST().substring(1);
    }

    /** Returns the position of a variable; -1 if there is none of this name. */
    int of(String name) {
        for (int i = 0; i < names.length; i++) {
            if (names[i].equals(name)) {
                return indexes[i];
            }
        }
        // The dimensions of an array are no children of its node.
        return all.getOrDefault(name, -1);
    }
}
