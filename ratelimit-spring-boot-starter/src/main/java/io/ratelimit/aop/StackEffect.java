package io.ratelimit.aop;

import static org.springframework.asm.Opcodes.*;

/** The effect of instructions without operands on the height of the operand stack, after the JVM specification. */
final class StackEffect {

    private StackEffect() {}

    /** {@return the number of words by which an instruction makes the stack higher} */
    static int of(int opcode) {
        return switch (opcode) {
            case ACONST_NULL,
                    ICONST_M1,
                    ICONST_0,
                    ICONST_1,
                    ICONST_2,
                    ICONST_3,
                    ICONST_4,
                    ICONST_5,
                    FCONST_0,
                    FCONST_1,
                    FCONST_2,
                    I2L,
                    I2D,
                    F2L,
                    F2D -> 1;
            case LCONST_0, LCONST_1, DCONST_0, DCONST_1 -> 2;
            case IALOAD,
                    FALOAD,
                    AALOAD,
                    BALOAD,
                    CALOAD,
                    SALOAD,
                    POP,
                    IADD,
                    FADD,
                    ISUB,
                    FSUB,
                    IMUL,
                    FMUL,
                    IDIV,
                    FDIV,
                    IREM,
                    FREM,
                    ISHL,
                    LSHL,
                    ISHR,
                    LSHR,
                    IUSHR,
                    LUSHR,
                    IAND,
                    IOR,
                    IXOR,
                    L2I,
                    L2F,
                    D2I,
                    D2F,
                    FCMPL,
                    FCMPG,
                    MONITORENTER,
                    MONITOREXIT,
                    IRETURN,
                    FRETURN,
                    ARETURN,
                    ATHROW -> -1;
            case POP2, LADD, DADD, LSUB, DSUB, LMUL, DMUL, LDIV, DDIV, LREM, DREM, LAND, LOR, LXOR, LRETURN, DRETURN ->
                -2;
            case IASTORE, FASTORE, AASTORE, BASTORE, CASTORE, SASTORE, LCMP, DCMPL, DCMPG -> -3;
            case LASTORE, DASTORE -> -4;
            default -> 0;
        };
    }
}
