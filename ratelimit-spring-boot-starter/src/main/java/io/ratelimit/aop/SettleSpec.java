package io.ratelimit.aop;

import io.ratelimit.Charge;
import io.ratelimit.expression.CallSnapshot;
import io.ratelimit.expression.CostExpression;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * Determines how a charge is settled when its call ends.
 *
 * @param used computes the cost that a successful call really had; null if it is the charged cost
 * @param resultClass the value class that the method returns; null if it is another type
 * @param refundOn the failures for which a call is free
 * @param warned whether a failed settlement was logged already
 */
record SettleSpec(
        @Nullable CostExpression used,
        @Nullable ValueClass resultClass,
        List<Class<? extends Throwable>> refundOn,
        AtomicBoolean warned) {

    static final SettleSpec AS_CHARGED = new SettleSpec(null, null, List.of());

    SettleSpec(
            @Nullable CostExpression used,
            @Nullable ValueClass resultClass,
            List<Class<? extends Throwable>> refundOn) {
        this(used, resultClass, refundOn, new AtomicBoolean());
    }

    /** Returns the thousandths of a token that a successful call used. */
    long used(Charge charge, CallSnapshot call, @Nullable Object result) {
        if (used == null) {
            return charge.cost();
        }
        Object value = resultClass == null ? result : resultClass.unbox(result);
        return used.thousandths(charge.limit(), call.withResult(value));
    }

    /** Returns the thousandths of a token that a failed call used. */
    long used(Charge charge, Throwable failure) {
        return refundOn.stream().anyMatch(type -> type.isInstance(failure)) ? 0 : charge.cost();
    }
}
