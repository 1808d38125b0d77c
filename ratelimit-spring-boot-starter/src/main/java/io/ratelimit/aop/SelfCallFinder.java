package io.ratelimit.aop;

import java.util.ArrayDeque;
import java.util.BitSet;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.asm.ClassReader;
import org.springframework.asm.ClassVisitor;
import org.springframework.asm.Handle;
import org.springframework.asm.MethodVisitor;
import org.springframework.asm.Opcodes;
import org.springframework.asm.SpringAsmInfo;

/**
 * Finds the calls that the methods of a class make on {@code this}, in its byte code. A call of which the receiver is
 * not certain is not found.
 *
 * <p>The body of a lambda is a method of its own, and so are parts that the Kotlin compiler separates, such as the body
 * of a suspend function. They are read with what the source method passes to them, and their calls are calls of that
 * method.
 */
final class SelfCallFinder extends ClassVisitor {

    /** A method of the class file. */
    record MethodKey(String name, String descriptor) {}

    /** A call on {@code this}, or a reference such as {@code this::search}. */
    record SelfCall(MethodKey caller, MethodKey called) {}

    /** A method to read: the words of its parameters that hold {@code this}, and the source method it belongs to. */
    private record Part(MethodKey method, BitSet self, MethodKey source) {}

    private final String owner;
    private final Set<SelfCall> found = new LinkedHashSet<>();
    private final Set<Part> known = new HashSet<>();
    private final Map<MethodKey, Deque<Part>> unread = new HashMap<>();
    private final Set<MethodKey> parts = new HashSet<>();
    private boolean first = true;

    private SelfCallFinder(String owner) {
        super(SpringAsmInfo.ASM_VERSION);
        this.owner = owner;
    }

    /**
     * Returns the calls of a class on {@code this}.
     *
     * @param classFile the class file
     * @return the calls, in the order of the class file
     */
    static Set<SelfCall> find(byte[] classFile) {
        ClassReader reader = new ClassReader(classFile);
        SelfCallFinder finder = new SelfCallFinder(reader.getClassName());
        do {
            reader.accept(finder, ClassReader.SKIP_DEBUG | ClassReader.EXPAND_FRAMES);
            finder.first = false;
        } while (!finder.unread.isEmpty());
        return finder.found;
    }

    @Override
    public @Nullable MethodVisitor visitMethod(
            int access, String name, String descriptor, @Nullable String signature, String @Nullable [] exceptions) {
        MethodKey method = new MethodKey(name, descriptor);
        if (isPart(access, name)) {
            parts.add(method);
            Part part = next(method);
            return part == null ? null : new ReceiverTracker(part.self, new CallsOf(part.source));
        }
        boolean read = first && (access & Opcodes.ACC_STATIC) == 0 && !name.equals("<init>");
        return read ? new ReceiverTracker(firstWord(), new CallsOf(method)) : null;
    }

    /** Drops requests for ordinary methods, which are read anyway. */
    @Override
    public void visitEnd() {
        unread.keySet().retainAll(parts);
        unread.values().removeIf(Deque::isEmpty);
    }

    /** Returns whether a method is called by methods of its class only, and has no counterpart in the source. */
    private static boolean isPart(int access, String name) {
        boolean synthetic = (access & Opcodes.ACC_SYNTHETIC) != 0 && (access & Opcodes.ACC_BRIDGE) == 0;
        return synthetic || name.contains("$lambda$");
    }

    private @Nullable Part next(MethodKey method) {
        Deque<Part> parts = unread.get(method);
        return parts == null ? null : parts.poll();
    }

    private static BitSet firstWord() {
        BitSet self = new BitSet();
        self.set(0);
        return self;
    }

    /** Collects the calls of a method of the source. */
    private final class CallsOf implements ReceiverTracker.Calls {

        private final MethodKey source;
        private final Set<SelfCall> added = new LinkedHashSet<>();

        CallsOf(MethodKey source) {
            this.source = source;
        }

        @Override
        public void called(int opcode, String type, String name, String descriptor, BitSet arguments) {
            MethodKey called = new MethodKey(name, descriptor);
            if (opcode == Opcodes.INVOKESTATIC) {
                follow(type, called, arguments);
            } else if (opcode != Opcodes.INVOKESPECIAL && arguments.get(0)) {
                add(called);
            }
        }

        private void add(MethodKey called) {
            SelfCall call = new SelfCall(source, called);
            if (found.add(call)) {
                added.add(call);
            }
        }

        @Override
        public void dropAll() {
            found.removeAll(added);
        }

        @Override
        public void referred(Handle target, BitSet captured) {
            MethodKey called = new MethodKey(target.getName(), target.getDesc());
            boolean virtual =
                    target.getTag() == Opcodes.H_INVOKEVIRTUAL || target.getTag() == Opcodes.H_INVOKEINTERFACE;
            if (virtual && captured.get(0)) {
                add(called);
            }
            follow(target.getOwner(), called, captured);
        }

        private void follow(String type, MethodKey method, BitSet self) {
            Part part = new Part(method, self, source);
            if (type.equals(owner) && !self.isEmpty() && known.add(part)) {
                unread.computeIfAbsent(method, key -> new ArrayDeque<>()).add(part);
            }
        }
    }
}
