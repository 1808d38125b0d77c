package io.ratelimit.aop;

import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.asm.ConstantDynamic;
import org.springframework.asm.Handle;
import org.springframework.asm.Label;
import org.springframework.asm.MethodVisitor;
import org.springframework.asm.Opcodes;
import org.springframework.asm.SpringAsmInfo;
import org.springframework.asm.Type;

/**
 * Tracks which words of the operand stack and of the local variables of a method certainly hold {@code this}, and tells
 * the calls that the method makes. Where ways through the method meet, a word holds {@code this} only if it does so on
 * each of them. The class must be read with {@link org.springframework.asm.ClassReader#EXPAND_FRAMES}.
 */
final class ReceiverTracker extends MethodVisitor {

    /** Receives the calls of a method. */
    interface Calls {

        /**
         * Receives a call.
         *
         * @param opcode the kind of call, such as {@link Opcodes#INVOKEVIRTUAL}
         * @param arguments the words of the receiver and the arguments that hold {@code this}
         */
        void called(int opcode, String owner, String name, String descriptor, BitSet arguments);

        /**
         * Receives a lambda or a method reference.
         *
         * @param captured the words of the captured values that hold {@code this}
         */
        void referred(Handle target, BitSet captured);

        /** Drops all calls received so far: a loop assigns a variable that held {@code this} when the loop began. */
        void dropAll();
    }

    /** The state at a label that was jumped to. */
    private record State(int height, BitSet stack, BitSet locals) {}

    /**
     * Prefix of the fields in which a Kotlin suspend function saves its variables. The compiler emits each restore
     * after its save.
     */
    private static final String SPILLED = "L$";

    private final Calls calls;
    private final BitSet initial;
    private final BitSet stored = new BitSet();
    private final Map<Label, State> jumps = new HashMap<>();
    private final Map<Label, BitSet> visited = new HashMap<>();
    private boolean isUncertain;
    private final Set<Label> handlers = new HashSet<>();
    private final Set<String> spilled = new HashSet<>();
    private final BitSet stack = new BitSet();
    private final BitSet locals;
    private int height;
    private boolean reached = true;

    /** @param initial the words of the parameters that hold {@code this} */
    ReceiverTracker(BitSet initial, Calls calls) {
        super(SpringAsmInfo.ASM_VERSION);
        this.calls = calls;
        this.initial = initial;
        this.locals = (BitSet) initial.clone();
    }

    @Override
    public void visitTryCatchBlock(Label start, Label end, Label handler, @Nullable String type) {
        handlers.add(handler);
    }

    @Override
    public void visitLabel(Label label) {
        State jumped = jumps.get(label);
        if (handlers.contains(label)) {
            enter(new State(1, new BitSet(), unchanged()));
        } else if (jumped != null && reached) {
            stack.and(jumped.stack);
            locals.and(jumped.locals);
        } else if (jumped != null) {
            enter(jumped);
        }
        visited.put(label, (BitSet) locals.clone());
    }

    @Override
    public void visitEnd() {
        if (isUncertain) {
            calls.dropAll();
        }
    }

    /** Starts a block that only later jumps reach, with {@code this} in parameters that were not assigned. */
    @Override
    public void visitFrame(int type, int localCount, Object[] local, int stackCount, Object[] types) {
        if (!reached) {
            int words = 0;
            for (int i = 0; i < stackCount; i++) {
                words += types[i].equals(Opcodes.LONG) || types[i].equals(Opcodes.DOUBLE) ? 2 : 1;
            }
            enter(new State(words, new BitSet(), unchanged()));
        }
    }

    @Override
    public void visitInsn(int opcode) {
        switch (opcode) {
            case Opcodes.DUP -> duplicate(1, 0);
            case Opcodes.DUP_X1 -> duplicate(1, 1);
            case Opcodes.DUP_X2 -> duplicate(1, 2);
            case Opcodes.DUP2 -> duplicate(2, 0);
            case Opcodes.DUP2_X1 -> duplicate(2, 1);
            case Opcodes.DUP2_X2 -> duplicate(2, 2);
            case Opcodes.SWAP -> {
                duplicate(1, 1);
                change(-1);
            }
            default -> change(StackEffect.of(opcode));
        }
        if (opcode >= Opcodes.IRETURN && opcode <= Opcodes.RETURN || opcode == Opcodes.ATHROW) {
            reached = false;
        }
    }

    @Override
    public void visitIntInsn(int opcode, int operand) {
        change(opcode == Opcodes.NEWARRAY ? 0 : 1);
    }

    @Override
    public void visitVarInsn(int opcode, int index) {
        switch (opcode) {
            case Opcodes.ALOAD -> push(locals.get(index));
            case Opcodes.ILOAD, Opcodes.FLOAD -> change(1);
            case Opcodes.LLOAD, Opcodes.DLOAD -> change(2);
            case Opcodes.LSTORE, Opcodes.DSTORE -> store(index, 2, false);
            default -> store(index, 1, opcode == Opcodes.ASTORE && stack.get(height - 1));
        }
    }

    @Override
    public void visitTypeInsn(int opcode, String type) {
        if (opcode == Opcodes.NEW) {
            change(1);
        } else if (opcode == Opcodes.INSTANCEOF) {
            replace(1, 1);
        }
    }

    @Override
    public void visitFieldInsn(int opcode, String owner, String name, String descriptor) {
        int size = Type.getType(descriptor).getSize();
        switch (opcode) {
            case Opcodes.GETSTATIC -> change(size);
            case Opcodes.PUTSTATIC -> change(-size);
            case Opcodes.GETFIELD -> {
                replace(1, size);
                if (reached && size == 1) {
                    stack.set(height - 1, spilled.contains(name));
                }
            }
            default -> {
                if (name.startsWith(SPILLED) && reached && stack.get(height - 1)) {
                    spilled.add(name);
                } else {
                    spilled.remove(name);
                }
                change(-1 - size);
            }
        }
    }

    @Override
    public void visitMethodInsn(int opcode, String owner, String name, String descriptor, boolean isInterface) {
        int sizes = Type.getArgumentsAndReturnSizes(descriptor);
        int words = (sizes >> 2) - (opcode == Opcodes.INVOKESTATIC ? 1 : 0);
        if (reached) {
            calls.called(opcode, owner, name, descriptor, stack.get(height - words, height));
        }
        replace(words, sizes & 3);
    }

    @Override
    public void visitInvokeDynamicInsn(String name, String descriptor, Handle bootstrap, Object... arguments) {
        int sizes = Type.getArgumentsAndReturnSizes(descriptor);
        int words = (sizes >> 2) - 1;
        for (Object argument : arguments) {
            if (reached && argument instanceof Handle target) {
                calls.referred(target, stack.get(height - words, height));
            }
        }
        replace(words, sizes & 3);
    }

    @Override
    public void visitJumpInsn(int opcode, Label label) {
        switch (opcode) {
            case Opcodes.GOTO -> change(0);
            case Opcodes.IF_ICMPEQ,
                    Opcodes.IF_ICMPNE,
                    Opcodes.IF_ICMPLT,
                    Opcodes.IF_ICMPGE,
                    Opcodes.IF_ICMPGT,
                    Opcodes.IF_ICMPLE,
                    Opcodes.IF_ACMPEQ,
                    Opcodes.IF_ACMPNE -> change(-2);
            default -> change(-1);
        }
        jump(label);
        reached &= opcode != Opcodes.GOTO;
    }

    @Override
    public void visitTableSwitchInsn(int min, int max, Label other, Label... labels) {
        visitLookupSwitchInsn(other, new int[0], labels);
    }

    @Override
    public void visitLookupSwitchInsn(Label other, int[] keys, Label[] labels) {
        change(-1);
        jump(other);
        for (Label label : labels) {
            jump(label);
        }
        reached = false;
    }

    @Override
    public void visitLdcInsn(Object value) {
        boolean wide = value instanceof Long
                || value instanceof Double
                || value instanceof ConstantDynamic constant && constant.getSize() == 2;
        change(wide ? 2 : 1);
    }

    @Override
    public void visitMultiANewArrayInsn(String descriptor, int dimensions) {
        replace(dimensions, 1);
    }

    /** Remembers the present state for a label, or what it has in common with that of another jump. */
    private void jump(Label label) {
        if (!reached) {
            return;
        }
        BitSet assumed = visited.get(label);
        if (assumed != null) {
            BitSet lost = (BitSet) assumed.clone();
            lost.andNot(locals);
            isUncertain |= !lost.isEmpty();
            return;
        }
        State known = jumps.get(label);
        if (known == null) {
            jumps.put(label, new State(height, (BitSet) stack.clone(), (BitSet) locals.clone()));
        } else {
            known.stack.and(stack);
            known.locals.and(locals);
        }
    }

    private void enter(State state) {
        height = state.height;
        stack.clear();
        stack.or(state.stack);
        locals.clear();
        locals.or(state.locals);
        reached = true;
    }

    /** Returns the variables that hold {@code this} from the beginning and were not assigned. */
    private BitSet unchanged() {
        BitSet unchanged = (BitSet) initial.clone();
        unchanged.andNot(stored);
        return unchanged;
    }

    private void store(int index, int words, boolean isThis) {
        stored.set(index, index + words);
        locals.clear(index, index + words);
        locals.set(index, isThis);
        change(-words);
    }

    private void push(boolean isThis) {
        change(1);
        if (reached) {
            stack.set(height - 1, isThis);
        }
    }

    private void replace(int popped, int pushed) {
        change(-popped);
        change(pushed);
    }

    /** Pops words, or pushes words that are not {@code this}. */
    private void change(int words) {
        if (reached) {
            height += words;
            stack.clear(height, Math.max(height, stack.length()));
        }
    }

    /** Copies the uppermost words, and inserts the copy below some more. */
    private void duplicate(int words, int below) {
        if (!reached) {
            return;
        }
        BitSet moved = stack.get(height - words - below, height);
        change(-words - below);
        for (int i = 0; i < words; i++) {
            push(moved.get(below + i));
        }
        for (int i = 0; i < below + words; i++) {
            push(moved.get(i));
        }
    }
}
